import type { Mail } from './mail.js';

/** Keeps mails until they are sent, whatever becomes of the process. A part that can provides it. */
export abstract class MailOutbox {
  abstract take(mail: Mail): Promise<void>;
}
