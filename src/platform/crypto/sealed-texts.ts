import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { CryptoConfig } from './crypto.config.js';
import { deriveKey } from './derived-key.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts texts that are in the database for a while and that only the server may read. */
export class SealedTexts {
  private readonly key: KeyObject;

  constructor(config: Pick<CryptoConfig, 'jwtSecret'>, purpose: string) {
    this.key = deriveKey(config, purpose);
  }

  /** @param place where it is stored: it cannot be decrypted anywhere else */
  seal(text: string, place: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(Buffer.from(place));
    const sealed = [cipher.update(deflateRawSync(text)), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
  }

  /** @throws Error if it was not sealed for this place */
  open(sealed: Buffer, place: string): string {
    const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.key, sealed.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(place))
      .setAuthTag(tag);
    const packed = [decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    return inflateRawSync(Buffer.concat(packed)).toString();
  }
}
