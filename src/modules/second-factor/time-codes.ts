import { Secret, TOTP } from 'otpauth';
import { PRODUCT } from '../../product/product.js';

/** RFC 6238 with its defaults, which every authenticator app supports, and many assume without reading the URL. */
const SETTINGS = { issuer: PRODUCT.name, algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** As long as a SHA-1, as RFC 4226 recommends. */
const SECRET_BYTES = 20;

/** Steps that a phone's clock may be behind or ahead. */
const WINDOW = 1;

/** A random secret in base32, as apps expect it. */
export function newSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The URL in a QR code for authenticator apps. */
export function otpauthUrl(secret: string, email: string): string {
  return new TOTP({ ...SETTINGS, label: email, secret: Secret.fromBase32(secret) }).toString();
}

/** The 30-second step since 1970 that a six-digit code belongs to; undefined if it is none of the current ones. */
export function stepOf(secret: string, code: string): number | undefined {
  const now = Date.now();
  const totp = new TOTP({ ...SETTINGS, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: code, window: WINDOW, timestamp: now });
  return delta === null ? undefined : totp.counter({ timestamp: now }) + delta;
}
