import { isIP } from 'node:net';
import { isEmail } from 'class-validator';
import { isMailbox, mailboxOf } from '../validation/mailbox.js';
import { passwordFault } from '../validation/passwords.js';
import type { Kind, Mode } from './env.js';
import { PRODUCT } from '../../product/product.js';

/** A parser with one fixed refusal, so that no message can contain the value. */
export function kind<T>(accepts: string, parse: (text: string, mode: Mode) => T | undefined): Kind<T> {
  return {
    accepts,
    parse(text, mode) {
      const value = parse(text, mode);
      if (value === undefined) throw new Error(`must be ${accepts}`);
      return value;
    },
  };
}

/** A decimal integer. `lowest` may differ by mode. */
export function integer(lowest: number | ((mode: Mode) => number), highest: number): Kind<number> {
  const low = typeof lowest === 'number' ? () => lowest : lowest;
  return kind(`an integer from ${low('production')} to ${highest}`, (text, mode) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= low(mode) && value <= highest ? value : undefined;
  });
}

export function oneOf<const T extends string>(...choices: T[]): Kind<T> {
  return kind(`one of ${choices.join(', ')}`, (text) => choices.find((choice) => choice === text));
}
const CONTROL = /[\x00-\x1f\x7f]/;

/** Any text without control characters. */
export function line(): Kind<string> {
  return kind('text without control characters', (text) => (CONTROL.test(text) ? undefined : text));
}

/** An IP address or the name of a host. */
export function host(): Kind<string> {
  return kind('an IP address or a host name', (text) =>
    isIP(text) !== 0 || /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(text) ? text : undefined,
  );
}

/** An email address, in the canonical form of its mailbox. */
export function email(): Kind<string> {
  return kind('an e-mail address', (text) => {
    const address = mailboxOf(text);
    return isMailbox(address) ? address : undefined;
  });
}

/** An e-mail address, with or without a name before it. */
export function mailbox(): Kind<string> {
  return kind(`an e-mail address, or one with a name: ${PRODUCT.sender} <mail@example.com>`, (text) =>
    isEmail(text, { allow_display_name: true }) ? text : undefined,
  );
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  ...Object.fromEntries(UNITS.map((unit, at) => [unit, 1024 ** (at + 1)])),
};

/** `1024` → `1 KiB` */
function sizeOf(count: number): string {
  const unit = UNITS.findLast((each) => count % (BYTES[each] ?? 0) === 0);
  return unit ? `${count / (BYTES[unit] ?? 1)} ${unit}` : `${count} B`;
}

/** A number of bytes: `65536`, `512 KiB`, `1 GiB`. */
export function bytes(lowest: number, highest: number): Kind<number> {
  return kind(`a size from ${sizeOf(lowest)} to ${sizeOf(highest)}, such as 1 MiB`, (text) => {
    const [, count, unit] = /^(\d{1,15}) ?(|B|[KMGT]iB)$/.exec(text) ?? [];
    const value = Number(count) * (BYTES[unit ?? ''] ?? Number.NaN);
    return value >= lowest && value <= highest ? value : undefined;
  });
}

/** An absolute address with one of the given schemes. */
export function url(...schemes: string[]): Kind<string> {
  return kind(`an address that starts with ${schemes.map((s) => `${s}://`).join(' or ')}`, (text) => {
    // Paths are appended to it, so it must have no query or fragment.
    const parsed = URL.canParse(text) && /^[^?#@\s]+$/.test(text) ? new URL(text) : undefined;
    return parsed?.host && schemes.includes(parsed.protocol.slice(0, -1)) ? text : undefined;
  });
}

/** The base URL of a site: an origin and a path. Links are made by appending to it. */
export function site(): Kind<string> {
  const form = /^https?:\/\/[^/?#@\s\\]+((?:\/[\w~-][\w.~-]*)*)\/?$/i;
  return kind(
    'an address without query or fragment, such as https://app.example.com or https://example.com/backend',
    (text) => {
      const [, path] = form.exec(text) ?? [];
      return path !== undefined && URL.canParse(text) ? `${new URL(text).origin}${path}` : undefined;
    },
  );
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A mail server. A query could disable the certificate check, or write mails to the log. */
export function mailServer(): Kind<string> {
  return kind('an address such as smtp://user:password@mail.example.com:587, or smtps://…', (text) =>
    /^smtps?:\/\/[^/?#\s]+\/?$/.test(text) && URL.canParse(text) && canDecode(text) ? text : undefined,
  );
}

/** A Redis server, with an optional database number. */
export function redisServer(): Kind<string> {
  return kind('an address such as redis://user:password@redis.example.com:6379, or rediss://…', (text) =>
    /^rediss?:\/\/[^/?#\s]+(\/\d{0,2})?$/.test(text) && URL.canParse(text) && canDecode(text)
      ? text
      : undefined,
  );
}

/** Whether a browser would send exactly this text as the Origin of a page. */
function isOrigin(text: string): boolean {
  const parsed = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  // `*` and the like are not valid in host names, but `URL` accepts them.
  return parsed?.origin === text && /^(?:[a-z\d._-]+|\[[\da-f:]+\])$/.test(parsed.hostname);
}

/** Exact web origins, separated by commas. */
export function origins(): Kind<readonly string[]> {
  const accepts =
    'exact origins as browsers send them, separated by commas: https://app.example.com, in lower case (xn-- for other ' +
    'letters), without *, path, slash at the end, user or default port; name each subdomain';
  return kind(accepts, (text) => {
    const list = text.split(',').map((each) => each.trim());
    return list.every(isOrigin) ? list : undefined;
  });
}

function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  if (bits === undefined || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}

/** The number of proxies, or their networks. Trusting everyone is refused: clients could then choose their address. */
export function proxies(): Kind<number | readonly string[]> {
  return kind('a number of proxies from 1 to 10, or their networks as CIDRs, separated by commas', (text) => {
    if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 10 ? Number(text) : undefined;
    const list = text.split(',').map((network) => network.trim());
    return list.every((n) => isCidr(n) && !n.endsWith('/0')) ? list : undefined;
  });
}

/** Placeholders in sample configuration files. */
const PLACEHOLDER =
  /your[-_ ]|change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this)|insert[-_ ]|placeholder|^<.*>$/i;

const SAMPLE =
  /example|sample|secret[-_ ]?key|dev[-_ ]?secret|jwt[-_ ]?secret|0123456789|abcdefgh|password|qwerty/i;

/** Whether a secret is easy to guess: copied from a sample, or a repeated character. */
function isGuessable(secret: string): boolean {
  return PLACEHOLDER.test(secret) || SAMPLE.test(secret) || new Set(secret).size < 10;
}

/** A key issued by another service. */
export function issuedKey(): Kind<string> {
  return kind('a key without spaces that is no placeholder', (text) =>
    /^[\x21-\x7e]+$/.test(text) && !PLACEHOLDER.test(text) ? text : undefined,
  );
}

/**
 * A password that registering would accept; whether it contains the user's name is checked once the address is known.
 */
export function password(): Kind<string> {
  return {
    accepts: 'a password of 8 to 128 characters and at most 72 bytes that is not easily guessed',
    parse(text) {
      const fault = passwordFault(text, '');
      if (fault !== undefined) throw new Error(fault);
      return text;
    },
    isExact: true,
  };
}

/** A secret of at least `bytes` bytes that is not a sample. */
export function secretOf(leastBytes: number): Kind<string> {
  return kind(`a secret of at least ${leastBytes} bytes that is no sample`, (text) =>
    Buffer.byteLength(text) >= leastBytes && !isGuessable(text) ? text : undefined,
  );
}
