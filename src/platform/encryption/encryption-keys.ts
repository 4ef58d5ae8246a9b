import type { Kind } from '../config/env.js';
import { kind } from '../config/kinds.js';

/** An encryption key and the id that encrypted values carry. */
export interface EncryptionKey {
  readonly id: string;
  readonly key: Buffer;
}

function encryptionKey(text: string, fallbackId: string): EncryptionKey | undefined {
  const [, id = fallbackId, encoded = ''] = /^(?:([\w-]{1,32}):)?([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  const key = Buffer.from(encoded, 'base64');
  return key.length === 32 && new Set(key).size >= 10 ? { id, key } : undefined;
}

/** 32 bytes as base64, or several as `kid:base64,kid2:base64`. */
export function encryptionKeys(): Kind<readonly EncryptionKey[]> {
  return kind('32 random bytes as base64, or several as kid:base64,kid2:base64', (text) => {
    const keys = text.split(',').map((part) => encryptionKey(part.trim(), 'k1'));
    const ids = new Set(keys.map((key) => key?.id));
    return keys.every((key) => key !== undefined) && ids.size === keys.length ? keys : undefined;
  });
}
