import { Injectable } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { SupabaseConfig } from './supabase.config.js';
import { AuthServer } from './auth-server.js';

const AUDIENCE = 'authenticated';
/** How far the clocks of the two servers may be apart, in seconds. */
const CLOCK_TOLERANCE_S = 5;
/** Most verified tokens that are remembered. */
const MAX_VERIFIED = 10_000;
const MAX_SUBJECT_LENGTH = 255;

/** What a token says of its bearer, once it was verified. */
export interface Bearer {
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since 1970, as the other times. */
  readonly expiresAt: number;
  readonly issuedAt: number;
  /** When the person last signed in there, as far as the token says. */
  readonly provenAt: number;
  /** The record that links it to a user, where that is known; it may have been removed since. */
  identityId?: string;
}

/**
 * Verifies access tokens of the Supabase project. They say who somebody is there and nothing else: roles, addresses
 * and what people write about themselves are not read from them.
 */
@Injectable()
export class SupabaseTokens {
  private readonly legacySecret: Uint8Array | undefined;
  /** By the whole token, so that its signature is computed once. */
  private readonly verified = new Map<string, Bearer>();

  constructor(
    { supabaseJwtSecret }: SupabaseConfig,
    private readonly server: AuthServer,
  ) {
    if (supabaseJwtSecret !== undefined) this.legacySecret = new TextEncoder().encode(supabaseJwtSecret);
  }

  /**
   * The bearer of a valid token, without a promise where it is known already; null for anything else.
   * @throws ApiError AUTH_SERVER_UNAVAILABLE
   */
  verify(token: string): Bearer | null | Promise<Bearer | null> {
    const { issuer } = this.server;
    if (issuer === undefined) return null;
    const known = this.verified.get(token);
    if (known && known.expiresAt > Date.now()) return known;
    // Read without trust, only to leave alone what is not the project's; the verifier looks at it again.
    const algorithm = algorithmOf(token, issuer);
    return algorithm === undefined ? null : this.check(token, issuer, algorithm);
  }

  /** What a token says that was verified before. */
  peek(token: string): Bearer | undefined {
    return this.verified.get(token);
  }

  private async check(token: string, issuer: string, algorithm: string): Promise<Bearer | null> {
    const rules = {
      issuer,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_S,
    };
    try {
      // Each algorithm has keys of its own: no public key can serve as a secret, nor the secret as anything else.
      const { payload } =
        algorithm === 'HS256' && this.legacySecret
          ? await jwtVerify(token, this.legacySecret, { ...rules, algorithms: ['HS256'] })
          : await jwtVerify(token, this.server.keyOf, { ...rules, algorithms: ['ES256', 'RS256'] });
      const bearer = bearerOf(payload, issuer);
      if (bearer) this.remember(token, bearer);
      return bearer;
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  private remember(token: string, bearer: Bearer): void {
    if (this.verified.size >= MAX_VERIFIED) this.verified.clear();
    this.verified.set(token, bearer);
  }
}

/** What a token of this issuer says that it is signed by; undefined for everything else. */
function algorithmOf(token: string, issuer: string): string | undefined {
  try {
    return decodeJwt(token).iss === issuer ? decodeProtectedHeader(token).alg : undefined;
  } catch {
    return undefined;
  }
}

/** Only people who have signed in: not the project's own keys, whose role is another, and nobody anonymous. */
function bearerOf(payload: JWTPayload, issuer: string): Bearer | null {
  const { sub, exp, iat, auth_time: signedInAt = iat, role, is_anonymous: isAnonymous = false } = payload;
  if (role !== AUDIENCE || isAnonymous !== false || typeof exp !== 'number') return null;
  // The library asks only for its presence: an object would become a condition of a query.
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) return null;
  // A time in the future does not extend the proof.
  const provenAt = Math.min(millisecondsOf(signedInAt), Date.now());
  return { issuer, subject: sub, expiresAt: exp * 1000, issuedAt: millisecondsOf(iat), provenAt };
}

/** Of a time in a token, in seconds; 0 for anything else. */
function millisecondsOf(claim: unknown): number {
  return typeof claim === 'number' ? claim * 1000 : 0;
}
