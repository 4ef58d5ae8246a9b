import { Injectable } from '@nestjs/common';
import { createSigner, createVerifier } from 'fast-jwt';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { PRODUCT } from '../../product/product.js';
import { AuthConfig } from './auth.config.js';

const ISSUER = PRODUCT.key;
const AUDIENCE = `${PRODUCT.key}-api`;

/** Maximum number of cached verified tokens. */
const MAX_VERIFIED = 10_000;

interface Claims {
  readonly sub: string;
  /** Session. */
  readonly sid: string;
  /** The number of the token in its session; absent in those of an older release. */
  readonly gen?: number;
  /** Seconds since 1970. */
  readonly exp: number;
}

/** The contents of a valid token. */
export interface TokenSubject {
  readonly userId: string;
  readonly sessionId: string;
  /** The number of the token in its session; 0 in those of an older release. */
  readonly generation: number;
}

interface Verified extends TokenSubject {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Signs and verifies access tokens (JWT, HS256). A token identifies only the user and the session: role and state are
 * looked up, so that changes take effect before the token expires.
 */
@Injectable()
export class AccessTokens {
  private readonly signClaims: (claims: Pick<Claims, 'sub' | 'sid' | 'gen'>) => string;
  private readonly verifyToken: (token: string) => Partial<Claims>;
  /**
   * Keyed by the whole token, so that its signature is verified once. fast-jwt's own cache would hash the token on
   * every call.
   */
  private readonly verified = new Map<string, Verified>();

  constructor({ jwtSecret: key }: CryptoConfig, { accessTokenLifetimeS }: AuthConfig) {
    this.signClaims = createSigner({
      key,
      algorithm: 'HS256',
      iss: ISSUER,
      aud: AUDIENCE,
      expiresIn: accessTokenLifetimeS * 1000,
    });
    this.verifyToken = createVerifier({
      key,
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      // Without this, missing claims would be accepted.
      requiredClaims: ['sub', 'sid', 'iat', 'exp', 'iss', 'aud'],
    }) as (token: string) => Partial<Claims>;
  }

  sign({ userId, sessionId, generation }: TokenSubject): string {
    return this.signClaims({ sub: userId, sid: sessionId, gen: generation });
  }

  /** The contents of a valid token; undefined for anything else. */
  verify(token: string): TokenSubject | undefined {
    const known = this.verified.get(token);
    if (known && known.expiresAt > Date.now()) return known;
    const verified = this.check(token);
    if (!verified) return undefined;
    if (this.verified.size >= MAX_VERIFIED) this.verified.clear();
    this.verified.set(token, verified);
    return verified;
  }

  private check(token: string): Verified | undefined {
    try {
      const { sub, sid, gen = 0, exp } = this.verifyToken(token);
      if (!isId(sub) || !isId(sid) || !Number.isSafeInteger(gen) || exp === undefined) return undefined;
      return { userId: sub, sessionId: sid, generation: gen, expiresAt: exp * 1000 };
    } catch {
      return undefined;
    }
  }
}

function isId(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[0-9a-f]{24}$/.test(claim);
}
