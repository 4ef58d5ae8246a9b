import { Env } from '../config/env.js';
import { mailbox, mailServer } from '../config/kinds.js';

/** How mails are sent. */
export class MailConfig {
  /** Mail server: `smtps://` is encrypted from the start, `smtp://` as soon as the server offers it. Unset: development and test write mails to DATA_DIR/outbox, production sends none. In production it needs PUBLIC_URL, for the links in mails. */
  @Env('SMTP_URL', mailServer(), { requiresInProduction: 'PUBLIC_URL' })
  readonly smtpUrl?: string;

  /** Sender of mails. Unset: no-reply@ and the host of PUBLIC_URL. */
  @Env('MAIL_FROM', mailbox())
  readonly mailFrom?: string;
}
