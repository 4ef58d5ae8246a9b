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

/** What a refresh token says of itself, once its MAC has shown that the product made it. */
export interface RefreshClaim {
  readonly sessionId: string;
  readonly generation: number;
  /** What the session keeps of its valid token. */
  readonly hash: string;
}

/**
 * Refresh tokens: the session, the number of the token in it, 256 random bits, and a MAC. The MAC tells an old token,
 * which says that somebody has a copy, from one that was made up, without keeping every token there ever was.
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

  /** Undefined for what the product did not make. */
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
