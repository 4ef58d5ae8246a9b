import { DeclarationError } from '../errors/start-error.js';
import type { Mail } from './mail.js';

/** Whom a link is mailed to. */
export interface Recipient {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** The session that asks for the link, where it matters. */
  readonly session?: string | undefined;
}

/** What a mail that brings a link says: in ASCII, which every mail program shows as it is, and in lines that none breaks. */
export interface LinkMail {
  /** What the link lets its reader do. It names the mail in the log, too, and never changes. */
  readonly purpose: string;
  /** Of the page that the link opens. */
  readonly path: string;
  readonly subject: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /**
   * Whether it is addressed with the reader's name, as only one that an administrator causes may be: anybody can
   * register anybody's address, and must not send it words of their own.
   */
  readonly isNamed?: boolean;
}

export const SINGLE_USE = 'The link works once, within 30 minutes.';

const purposes = new Set<string>();

/** Declares a mail, in a file of its own: `<purpose>.mail.ts`, in the feature that sends it. */
export function linkMail(mail: LinkMail): LinkMail {
  if (purposes.has(mail.purpose)) {
    throw new DeclarationError(
      `Two mails have the purpose '${mail.purpose}': each would open what the other is for. Rename one.`,
    );
  }
  purposes.add(mail.purpose);
  return mail;
}

/**
 * A mail with a link. The token is in the fragment, which browsers do not send, so that it appears neither in logs nor
 * in a Referer.
 * @param origin without a slash at the end
 */
export function composeLinkMail(
  { purpose, path, subject, before, after, isNamed = false }: LinkMail,
  recipient: Recipient,
  origin: string,
  token: string,
): Mail {
  const lines = [...before, '', `${origin}${path}#token=${token}`, '', ...after, ''];
  return {
    kind: purpose,
    userId: recipient.id,
    to: { name: isNamed ? recipient.name : '', address: recipient.email },
    subject,
    text: lines.join('\n'),
  };
}
