import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ProcessConfig } from '../config/process.config.js';
import { HttpConfig } from '../http/http.config.js';
import { apiError } from '../errors/errors.js';
import { DomainEvents, type EventFields } from '../logging/events.js';
import { publicOriginOf } from '../http/public-origin.js';
import type { Mail } from './mail.js';
import { MailConfig } from './mail.config.js';
import { MailQueue } from './mail-queue.js';
import { createMailTransport, mailRefusal, MAX_CONNECTIONS, type MailTransport } from './mail-transport.js';

/** Longest time that the end of the process waits for mails, in milliseconds. */
const DRAIN_MS = 5_000;

/** Sends mails after the answer to the request that asks for them, so that no answer waits for a mail server. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly queue = new MailQueue({ concurrency: MAX_CONNECTIONS });
  private transport: Promise<MailTransport> | undefined;

  constructor(
    private readonly config: MailConfig,
    private readonly process: ProcessConfig,
    private readonly http: HttpConfig,
    private readonly events: DomainEvents,
  ) {}

  /** @throws ApiError MAIL_NOT_CONFIGURED */
  requireConfigured(): void {
    const refusal = mailRefusal(this.config, this.process);
    if (refusal) throw apiError(refusal);
  }

  /**
   * Composes a mail and sends it, both after the answer. Nothing is sent where no mail server is configured.
   * @param compose answers null when there is nothing to send; called again when it fails
   */
  send(kind: string, compose: () => Promise<Mail | null>): void {
    if (mailRefusal(this.config, this.process)) return;
    let mail: Mail | null | undefined;
    const givenUp = (error: unknown): void =>
      this.events.record('mail_failed', { kind, userId: mail?.userId, ...reasonOf(error) });
    const isTaken = this.queue.add({
      isTemporary,
      givenUp,
      run: async () => {
        mail ??= await compose();
        if (mail === null) return;
        await (await this.open()).send(mail);
        this.events.record('mail_sent', { kind, userId: mail.userId });
      },
    });
    if (!isTaken) givenUp(Object.assign(new Error('Too many mails are waiting'), { code: 'QUEUE_FULL' }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.drain(Math.min(DRAIN_MS, this.process.shutdownGraceMs / 4));
    (await this.transport)?.close();
  }

  private open(): Promise<MailTransport> {
    return (this.transport ??= createMailTransport(this.config, {
      origin: publicOriginOf(this.http),
      dataDir: this.process.dataDir,
    }));
  }
}

/** What nodemailer knows of a failure. */
interface MailFailure {
  readonly code?: unknown;
  /** Of the mail server. */
  readonly responseCode?: unknown;
  /** The mail server will not take this mail. */
  readonly permanent?: unknown;
}

function isTemporary(error: unknown): boolean {
  return (error as MailFailure).permanent !== true;
}

/** Names and numbers only: the text of an error quotes addresses. */
function reasonOf(error: unknown): EventFields {
  const { code, responseCode } = error as MailFailure;
  const name = error instanceof Error ? error.name : undefined;
  return {
    reason: typeof code === 'string' ? code : name,
    status: typeof responseCode === 'number' ? responseCode : undefined,
  };
}
