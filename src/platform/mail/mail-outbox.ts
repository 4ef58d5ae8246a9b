import type { Transaction } from '../database/transactions.js';
import type { Mail } from './mail.js';

/** Stores mails until they are sent, even after crashes. An optional part provides it. */
export abstract class MailOutbox {
  abstract take(mail: Mail, transaction?: Transaction): Promise<void>;
}
