import { hash, randomBytes } from 'node:crypto';
import type { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { PRODUCT } from '../../product/product.js';

const PREFIX = PRODUCT.apiKeyPrefix;
/** 12 bytes are 16 characters and 32 bytes 43, so the parts of a key can be told apart as texts. */
const ID_END = PREFIX.length + 16;
const FORM = new RegExp(`^${RegExp.escape(PREFIX)}[\\w-]{59}$`);
const HINT_LENGTH = 4;

/** The part of a key that only its user knows, and what is kept of it. */
export interface Secret {
  /** 256 bits as base64url. */
  readonly secret: string;
  readonly hash: string;
  readonly hint: string;
}

/** What makes two keys of one seed different. */
export function newSalt(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * The secret that the server makes of an owner, a salt and a seed. Nobody can without its key, whatever the seed is;
 * and whoever sends the same seed again can be told the same secret, which is not kept.
 */
export function secretFrom(
  mac: KeyedMac,
  parts: readonly [owner: string, salt: string, seed: string],
): Secret {
  const secret = mac.text(JSON.stringify(parts));
  return { secret, hash: hashOf(secret).toString('base64url'), hint: secret.slice(-HINT_LENGTH) };
}

/** The key as its user gets it: a prefix that scanners of leaked secrets can look for, the record's id, the secret. */
export function writeKey(id: string, secret: string): string {
  return `${PREFIX}${Buffer.from(id, 'hex').toString('base64url')}${secret}`;
}

/** The id of the key's record and the hash of its secret. Undefined unless the text has the form of a key. */
export function readKey(key: string): { readonly id: string; readonly hash: Buffer } | undefined {
  if (!FORM.test(key)) return undefined;
  return {
    id: Buffer.from(key.slice(PREFIX.length, ID_END), 'base64url').toString('hex'),
    // Of the text and not of its bytes, so that a secret has one spelling.
    hash: hashOf(key.slice(ID_END)),
  };
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
