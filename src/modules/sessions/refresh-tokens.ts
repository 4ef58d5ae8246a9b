import { createHash, createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { deriveKey } from '../../platform/crypto/derived-key.js';

const ID_BYTES = 12;
const GENERATION_BYTES = 4;
const SECRET_BYTES = 32;
const MAC_BYTES = 18;
const MAC_AT = ID_BYTES + GENERATION_BYTES + SECRET_BYTES;
/** 66 bytes as base64url have no spare bits, so a token has exactly one spelling. */
const FORM = /^fvr_[\w-]{88}$/;

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
  private readonly key: KeyObject;

  constructor(config: Config) {
    this.key = deriveKey(config, 'refresh token');
  }

  make(sessionId: string, generation: number): { readonly token: string; readonly hash: string } {
    const bytes = Buffer.alloc(MAC_AT + MAC_BYTES);
    bytes.write(sessionId, 'hex');
    bytes.writeUInt32BE(generation, ID_BYTES);
    randomBytes(SECRET_BYTES).copy(bytes, ID_BYTES + GENERATION_BYTES);
    this.mac(bytes.subarray(0, MAC_AT)).copy(bytes, MAC_AT);
    const token = `fvr_${bytes.toString('base64url')}`;
    return { token, hash: hashOf(token) };
  }

  /** Undefined for what the product did not make. */
  read(token: string): RefreshClaim | undefined {
    if (!FORM.test(token)) return undefined;
    const bytes = Buffer.from(token.slice(4), 'base64url');
    const mac = bytes.subarray(MAC_AT);
    if (!timingSafeEqual(mac, this.mac(bytes.subarray(0, MAC_AT)))) return undefined;
    return {
      sessionId: bytes.toString('hex', 0, ID_BYTES),
      generation: bytes.readUInt32BE(ID_BYTES),
      hash: hashOf(token),
    };
  }

  private mac(bytes: Buffer): Buffer {
    return createHmac('sha256', this.key).update(bytes).digest().subarray(0, MAC_BYTES);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
