import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { SignedTokens } from '../../platform/crypto/signed-tokens.js';

const ID_BYTES = 12;
const GENERATION_BYTES = 4;
const SECRET_BYTES = 32;
const LAYOUT = { prefix: 'fvr_', contentBytes: ID_BYTES + GENERATION_BYTES + SECRET_BYTES, macBytes: 18 };

/** The contents of a refresh token whose MAC is valid. */
export interface RefreshClaim {
  readonly sessionId: string;
  readonly generation: number;
  /** What the session stores of its valid token. */
  readonly hash: string;
}

/**
 * Refresh tokens: the session, the number of the token in it, 256 random bits, and a MAC. The MAC distinguishes an old
 * token, which means that somebody has a copy, from a forged one, without storing every token ever issued.
 */
@Injectable()
export class RefreshTokens {
  private readonly tokens: SignedTokens;

  constructor(config: CryptoConfig) {
    this.tokens = new SignedTokens(new KeyedMac(config, 'refresh token'), LAYOUT);
  }

  make(sessionId: string, generation: number): { readonly token: string; readonly hash: string } {
    const content = Buffer.alloc(LAYOUT.contentBytes);
    content.write(sessionId, 'hex');
    content.writeUInt32BE(generation, ID_BYTES);
    randomBytes(SECRET_BYTES).copy(content, ID_BYTES + GENERATION_BYTES);
    const token = this.tokens.sign(content);
    return { token, hash: digestOf(token) };
  }

  /** Undefined for tokens that the product did not issue. */
  read(token: string): RefreshClaim | undefined {
    const content = this.tokens.open(token);
    return (
      content && {
        sessionId: content.toString('hex', 0, ID_BYTES),
        generation: content.readUInt32BE(ID_BYTES),
        hash: digestOf(token),
      }
    );
  }
}
