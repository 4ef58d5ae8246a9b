import { createHmac, type KeyObject } from 'node:crypto';
import type { CryptoConfig } from './crypto.config.js';
import { deriveKey } from './derived-key.js';

/** HMAC-SHA256 with a separate key for one purpose. */
export class KeyedMac {
  private readonly key: KeyObject;

  /** @param purpose names the key: changing it invalidates everything stored or issued */
  constructor(config: Pick<CryptoConfig, 'jwtSecret'>, purpose: string) {
    this.key = deriveKey(config, purpose);
  }

  /** The 32 bytes of the MAC over the parts, one after the other. */
  bytes(...parts: readonly (Buffer | string)[]): Buffer {
    const mac = createHmac('sha256', this.key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  }

  /** The same as base64url. */
  text(...parts: readonly (Buffer | string)[]): string {
    return this.bytes(...parts).toString('base64url');
  }
}
