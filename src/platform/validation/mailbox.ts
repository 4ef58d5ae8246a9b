import { domainToASCII, domainToUnicode } from 'node:url';
import { isEmail } from 'class-validator';

/** Maximum length of an address in SMTP. */
export const MAX_MAILBOX = 254;
/** Longer texts are not addresses, and composing them would take quadratic time. */
const MAX_UNITS = 4 * MAX_MAILBOX;

/** For a URL parser, other ASCII characters end a domain; invisible characters are dropped. */
const NO_DOMAIN = /[^a-z\d.\-\u0080-\u{10ffff}]|[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** Invisible characters, with which one address could look like another. */
const HIDDEN = /[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * The canonical form of an address, which all spellings of the same mailbox share: in lower case and in Unicode's
 * composed form (NFC), with the domain in ASCII (`x@MÜNCHEN.de` → `x@xn--mnchen-3ya.de`). Nothing else is folded: ß and
 * ss, or ı and i, are different mailboxes for a mail server. Texts that are not addresses are left to the rules.
 */
export function mailboxOf(text: string): string {
  if (text.length > MAX_UNITS) return text;
  // Composed before, so that a letter and its mark have one lower case, and after, since a lower-case form may
  // decompose.
  const address = text.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0 || !/[^\0-\x7f]/.test(domain) || NO_DOMAIN.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === '' ? address : `${address.slice(0, at)}@${ascii}`;
}

/** Whether a result of `mailboxOf` is an address that a new account may have. */
export function isMailbox(address: string): boolean {
  return address.length <= MAX_MAILBOX && isEmail(address) && !HIDDEN.test(address);
}

/** Other spellings of a mailbox, under which older accounts may be stored. */
export function olderFormsOf(mailbox: string): string[] {
  const at = mailbox.lastIndexOf('@');
  const [local, domain] = [mailbox.slice(0, at), mailbox.slice(at + 1)];
  const unicode = domain.includes('xn--') ? domainToUnicode(domain) : domain;
  const locals = [local, local.normalize('NFD')];
  const domains = [domain, unicode, unicode.normalize('NFD')];
  const forms = locals.flatMap((each) => domains.map((host) => `${each}@${host}`));
  return [...new Set(forms)].filter((form) => form !== mailbox);
}
