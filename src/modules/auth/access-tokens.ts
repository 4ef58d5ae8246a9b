import { Injectable } from '@nestjs/common';
import { createSigner, createVerifier } from 'fast-jwt';
import { Config } from '../../platform/config/config.js';

const ISSUER = 'flowversal';
const AUDIENCE = 'flowversal-api';

/** Lifetime of an access token, in seconds. */
export const TOKEN_LIFETIME_S = 3600;

interface Claims {
  readonly sub: string;
}

/**
 * Signs and verifies access tokens (JWT, HS256). A token says who somebody is and nothing else:
 * role and state are looked up, so that a change of them does not wait for the token to expire.
 */
@Injectable()
export class AccessTokens {
  private readonly signClaims: (claims: Claims) => string;
  private readonly verifyToken: (token: string) => Partial<Claims>;

  constructor({ jwtSecret: key }: Config) {
    this.signClaims = createSigner({
      key,
      algorithm: 'HS256',
      iss: ISSUER,
      aud: AUDIENCE,
      expiresIn: TOKEN_LIFETIME_S * 1000,
    });
    this.verifyToken = createVerifier({
      key,
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      // Without this a claim that is missing is not compared.
      requiredClaims: ['sub', 'iat', 'exp', 'iss', 'aud'],
      // Verified tokens by their text, until they expire: the signature of each is computed once.
      cache: 10_000,
    }) as (token: string) => Partial<Claims>;
  }

  sign(userId: string): string {
    return this.signClaims({ sub: userId });
  }

  /** The user id that a valid token names; undefined for anything else. */
  verify(token: string): string | undefined {
    try {
      const { sub } = this.verifyToken(token);
      return typeof sub === 'string' && /^[0-9a-f]{24}$/.test(sub) ? sub : undefined;
    } catch {
      return undefined;
    }
  }
}
