import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { ProcessConfig } from '../config/process.config.js';
import type { ErrorCode } from '../errors/errors.js';
import type { Mail } from './mail.js';
import type { MailConfig } from './mail.config.js';
import { htmlOf } from './mail-html.js';
import { PRODUCT } from '../../product/product.js';

/** Connections to the mail server, and so mails that are sent at a time. */
export const MAX_CONNECTIONS = 2;
/** An idle connection is closed after this long, in milliseconds. */
const IDLE_MS = 30_000;
/** Longest silence of a mail server, in milliseconds. */
const SILENCE_MS = 10_000;

/** What mails are sent from. */
interface TransportOptions {
  /** Where people reach the product. */
  readonly origin: string;
  /** Where mails are written that no server is there for. */
  readonly dataDir: string;
  /** Told of the link in such a mail, or else of its file, for who develops at a terminal. */
  readonly show?: ((text: string) => void) | undefined;
}

/** How mails leave the product. */
export interface MailTransport {
  /** @param key of which its Message-ID is made */
  send(mail: Mail, key?: string): Promise<void>;
  /** Aborts what is running. */
  close(): void;
}

/** Why a configuration lets no mail be sent, if so. For routes that are of no use without. */
export function mailRefusal({ smtpUrl }: MailConfig, { mode }: ProcessConfig): ErrorCode | undefined {
  return mode === 'production' && smtpUrl === undefined ? 'MAIL_NOT_CONFIGURED' : undefined;
}

/** nodemailer is loaded with the first mail: many processes never send one. */
export async function createMailTransport(
  config: MailConfig,
  { origin, dataDir, show }: TransportOptions,
): Promise<MailTransport> {
  const { createTransport } = await import('nodemailer');
  const sender = config.mailFrom ?? senderAt(origin);
  const messageOf = ({ to, subject, text, isNotice }: Mail, key: string | undefined) => ({
    from: sender,
    // One that is sent again is the same mail.
    ...(key !== undefined && { messageId: `<${key}@${new URL(origin).hostname}>` }),
    // As an object, so that nothing in a name can become a further address or header.
    to: { name: to.name.replaceAll(/\s+/g, ' '), address: to.address },
    subject: subject.replaceAll(/\s+/g, ' '),
    text,
    ...(isNotice && { html: htmlOf({ subject, text }, origin) }),
    headers: { 'auto-submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  if (config.smtpUrl !== undefined) {
    const smtp = createTransport({
      url: config.smtpUrl,
      pool: true,
      maxConnections: MAX_CONNECTIONS,
      // The caller retries, after longer pauses.
      maxRequeues: 0,
      idleTimeout: IDLE_MS,
      dnsTimeout: SILENCE_MS,
      connectionTimeout: SILENCE_MS,
      greetingTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
    });
    return {
      send: async (mail, key) => void (await smtp.sendMail(messageOf(mail, key))),
      close: () => smtp.close({ force: true }),
    };
  }
  const file = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  // Lines of any length stay as they are: encoding would break links copied from the file.
  file.use('stream', ({ message }, done) => {
    for (const part of [message, ...message.childNodes]) part.getTransferEncoding = () => '8bit';
    done();
  });
  return {
    async send(mail, key) {
      const { message } = await file.sendMail(messageOf(mail, key));
      const path = await keep(join(dataDir, 'outbox'), mail.kind, message as Buffer);
      const [link = path] = /https?:\/\/\S+/.exec(mail.text) ?? [];
      show?.(`  Mail to ${mail.to.address}: ${link}\n`);
    },
    close: () => file.close(),
  };
}

/** Writes a mail where only the owner of the process can read it, and says where. Files sort by time. */
async function keep(folder: string, kind: string, message: Buffer): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const time = new Date().toISOString().replaceAll(':', '-');
  const path = join(folder, `${time}-${kind}-${randomUUID().slice(0, 8)}.eml`);
  await writeFile(path, message, { mode: 0o600, flag: 'wx' });
  return path;
}

function senderAt(origin: string): { name: string; address: string } {
  const { hostname } = new URL(origin);
  const domain = isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 ? hostname : 'localhost';
  return { name: PRODUCT.sender, address: `no-reply@${domain}` };
}
