import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { SignedTokens } from '../../platform/crypto/signed-tokens.js';
import { sessionOf, type Transaction } from '../../platform/database/transactions.js';
import { duplicateKeyOf } from '../../platform/errors/driver-errors.js';
import { UsedChallenge } from './used-challenge.schema.js';

/** How long a person may take to unlock a device, in milliseconds. */
export const LIFETIME_MS = 5 * 60_000;
const SALT_BYTES = 16;
const TIME_BYTES = 6;

/** What passkeys sign. A challenge carries its expiry and a MAC, so that nothing is stored until it is used. */
@Injectable()
export class Challenges {
  private readonly tokens: SignedTokens;

  constructor(
    @InjectModel(UsedChallenge.name) private readonly used: Model<UsedChallenge>,
    crypto: CryptoConfig,
  ) {
    const mac = new KeyedMac(crypto, 'passkey challenge');
    this.tokens = new SignedTokens(mac, { contentBytes: SALT_BYTES + TIME_BYTES, macBytes: 32 });
  }

  /** @param purpose the challenge is valid for this one only */
  make(purpose: string): Uint8Array<ArrayBuffer> {
    const content = Buffer.alloc(SALT_BYTES + TIME_BYTES, randomBytes(SALT_BYTES));
    content.writeUIntBE(Date.now() + LIFETIME_MS, SALT_BYTES, TIME_BYTES);
    return new Uint8Array(Buffer.from(this.tokens.sign(content, purpose), 'base64url'));
  }

  /** Whether a challenge, as base64url, was issued for this purpose and has not expired. */
  isValid(challenge: string, purpose: string): boolean {
    const content = this.tokens.open(challenge, purpose);
    return content !== undefined && endOf(content) > Date.now();
  }

  /**
   * Uses up a valid challenge: of many at once, one succeeds.
   * @param transaction what the challenge is for: it remains valid if that is not committed
   */
  async use(challenge: string, purpose: string, transaction?: Transaction): Promise<boolean> {
    const content = this.tokens.open(challenge, purpose);
    if (!content) return false;
    const expiresAt = new Date(endOf(content));
    try {
      await this.used.create([{ _id: digestOf(challenge), expiresAt }], sessionOf(transaction));
      return true;
    } catch (error) {
      if (duplicateKeyOf(error)) return false;
      throw error;
    }
  }
}

/** In milliseconds since 1970. */
function endOf(content: Buffer): number {
  return content.readUIntBE(SALT_BYTES, TIME_BYTES);
}
