import { Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { ProcessConfig } from '../config/process.config.js';
import type { Transaction } from '../database/transactions.js';
import { HttpConfig } from '../http/http.config.js';
import { apiError } from '../errors/errors.js';
import { DomainEvents } from '../logging/events.js';
import { traced } from '../logging/spans.js';
import { publicOriginOf } from '../http/public-origin.js';
import type { Mail } from './mail.js';
import { MailConfig } from './mail.config.js';
import { isTemporary, reasonOf } from './mail-failure.js';
import { MailOutbox } from './mail-outbox.js';
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
    /** Without one, mails wait in memory. */
    @Optional() private readonly outbox?: MailOutbox,
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
    const givenUp = (error: unknown): void => this.noteFailed({ kind, userId: mail?.userId }, error);
    const isTaken = this.queue.add({
      isTemporary,
      givenUp,
      run: async () => {
        mail ??= await compose();
        if (mail === null) return;
        await (this.outbox ? this.outbox.take(mail) : this.deliver(mail));
      },
    });
    if (!isTaken) givenUp(Object.assign(new Error('Too many mails are waiting'), { code: 'QUEUE_FULL' }));
  }

  /** Sends a mail with what a transaction writes, or not at all. Nothing is sent where no mail server is configured. */
  async sendWith(transaction: Transaction, mail: Mail): Promise<void> {
    if (mailRefusal(this.config, this.process)) return;
    if (this.outbox) await this.outbox.take(mail, transaction);
    else transaction.afterwards(() => this.send(mail.kind, () => Promise.resolve(mail)));
  }

  /**
   * Gives a mail to the mail server.
   * @param key names the mail, so that one that gets there twice can be told to be the same
   */
  async deliver(mail: Mail, key?: string): Promise<void> {
    const span = { name: 'mail send', kind: 'client', fields: { 'mail.kind': mail.kind } } as const;
    await traced(span, async () => (await this.open()).send(mail, key));
    this.events.record('mail_sent', { kind: mail.kind, userId: mail.userId });
  }

  /** A mail was given up. */
  noteFailed(
    { kind, userId }: { readonly kind: string; readonly userId: string | undefined },
    error: unknown,
  ): void {
    this.events.record('mail_failed', { kind, userId, ...reasonOf(error) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.drain(Math.min(DRAIN_MS, this.process.shutdownGraceMs / 4));
    (await this.transport)?.close();
  }

  private open(): Promise<MailTransport> {
    return (this.transport ??= createMailTransport(this.config, {
      origin: publicOriginOf(this.http),
      dataDir: this.process.dataDir,
      // To the terminal and nowhere else, because the link gives access to the account.
      show:
        this.process.mode === 'development' && process.stdout.isTTY
          ? (text) => process.stdout.write(text)
          : undefined,
    }));
  }
}
