import { Injectable } from '@nestjs/common';
import { createSigner, createVerifier } from 'fast-jwt';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { PRODUCT } from '../../product/product.js';
import { AuthConfig } from './auth.config.js';

const ISSUER = PRODUCT.key;
const AUDIENCE = `${PRODUCT.key}-api`;

/** Most verified tokens that are remembered. */
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

/** What a valid token names. */
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
 * Signs and verifies access tokens (JWT, HS256). A token says who somebody is and by which session,
 * and nothing else: role and state are looked up, so that a change of them does not wait for the token to expire.
 */
@Injectable()
export class AccessTokens {
  private readonly signClaims: (claims: Pick<Claims, 'sub' | 'sid' | 'gen'>) => string;
  private readonly verifyToken: (token: string) => Partial<Claims>;
  /** By the whole token, so that its signature is computed once. fast-jwt's own cache would hash it each time. */
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
      // Without this a claim that is missing is not compared.
      requiredClaims: ['sub', 'sid', 'iat', 'exp', 'iss', 'aud'],
    }) as (token: string) => Partial<Claims>;
  }

  sign({ userId, sessionId, generation }: TokenSubject): string {
    return this.signClaims({ sub: userId, sid: sessionId, gen: generation });
  }

  /** Whom a valid token names; undefined for anything else. */
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
