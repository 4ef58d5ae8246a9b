import { domainToASCII, domainToUnicode } from 'node:url';
import { isEmail } from 'class-validator';

/** Longest address that SMTP can carry. */
export const MAX_MAILBOX = 254;
/** Longer texts are no address, and composing them would take time that grows with the square of their length. */
const MAX_UNITS = 4 * MAX_MAILBOX;

/** Other ASCII characters than these end a domain for a URL parser; what nobody sees, it leaves out. */
const NO_DOMAIN = /[^a-z\d.\-\u0080-\u{10ffff}]|[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** What nobody sees, by which one address could look like another. */
const HIDDEN = /[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * The one form of an address that all spellings of the same mailbox share: in lower case and in Unicode's composed
 * form (NFC), with the domain in ASCII (`x@MÜNCHEN.de` → `x@xn--mnchen-3ya.de`). Nothing else is folded: ß and ss, or ı
 * and i, are different mailboxes for a mail server. A text that is no address is left for the rules to refuse.
 */
export function mailboxOf(text: string): string {
  if (text.length > MAX_UNITS) return text;
  // Composed before, so that a letter and its mark have one lower case; and after, since a lower case may have two parts.
  const address = text.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0 || !/[^\0-\x7f]/.test(domain) || NO_DOMAIN.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === '' ? address : `${address.slice(0, at)}@${ascii}`;
}

/** Whether a text, as `mailboxOf` gives it, is an address that a new account may have. */
export function isMailbox(address: string): boolean {
  return address.length <= MAX_MAILBOX && isEmail(address) && !HIDDEN.test(address);
}

/** Other spellings of a mailbox under which accounts were stored before they all had one form. */
export function olderFormsOf(mailbox: string): string[] {
  const at = mailbox.lastIndexOf('@');
  const [local, domain] = [mailbox.slice(0, at), mailbox.slice(at + 1)];
  const unicode = domain.includes('xn--') ? domainToUnicode(domain) : domain;
  const locals = [local, local.normalize('NFD')];
  const domains = [domain, unicode, unicode.normalize('NFD')];
  const forms = locals.flatMap((each) => domains.map((host) => `${each}@${host}`));
  return [...new Set(forms)].filter((form) => form !== mailbox);
}
