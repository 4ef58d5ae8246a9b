import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { type ReadMail, readMail } from './mails.js';

/** What a mail server answers instead of taking a mail. */
type Refusal = readonly [status: number, text: string];

/** A mail server on a free port of this machine, without encryption unless told. */
export class MailServer {
  /** The mails that it has taken. */
  readonly mails: ReadMail[] = [];
  /** Whom each of them was handed over for, which need not be whom it names. */
  readonly recipients: string[][] = [];
  /** How the next mails are refused, one after the other. */
  readonly refusals: Refusal[] = [];
  /** Every mail that was offered, refused ones included. */
  offered = 0;
  private readonly server: SMTPServer;

  private constructor(options: SMTPServerOptions) {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      onData: (stream, { envelope }, done) => {
        this.take(
          stream,
          envelope.rcptTo.map(({ address }) => address),
        ).then((refusal) => done(refusal), done);
      },
      ...options,
    });
    // Connections that a client ends early are none of its faults.
    this.server.on('error', () => undefined);
  }

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const started = new MailServer(options);
    await new Promise<void>((resolve) => {
      started.server.listen(0, '127.0.0.1', () => resolve());
    });
    return started;
  }

  private async take(stream: Readable, recipients: string[]): Promise<Error | undefined> {
    const raw = await buffer(stream);
    this.offered++;
    const [status, text] = this.refusals.shift() ?? [];
    if (status !== undefined) return Object.assign(new Error(text), { responseCode: status });
    this.recipients.push(recipients);
    this.mails.push(await readMail(raw));
    return undefined;
  }

  get url(): string {
    const { port } = this.server.server.address() as AddressInfo;
    return `smtp://127.0.0.1:${port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }
}
