import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { SignedTokens } from '../../platform/crypto/signed-tokens.js';
import type { Cookies } from '../../platform/http/cookies.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { basePathOf } from '../../platform/http/public-origin.js';
import { PRODUCT } from '../../product/product.js';

export const PURPOSES = ['sign-in', 'link', 'step-up'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** How long a person may take at the provider, in seconds. */
const LIFETIME_S = 600;

/** What a sign-in was started for. */
export interface Flow {
  readonly provider: string;
  readonly redirectTo: string;
  readonly codeChallenge: string;
  readonly purpose: Purpose;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What is sent to the provider, and checked in its response. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  /** PKCE between the product and the provider. */
  readonly verifier: string;
}

/**
 * Pending sign-ins. Nothing is stored: `state` holds what was started, signed by the server, and is valid only together
 * with the cookie of the browser that started it. So nobody can be signed in through a sign-in that somebody else has
 * started.
 */
@Injectable()
export class OAuthFlows {
  private readonly states: SignedTokens;
  private readonly nonces: KeyedMac;
  private readonly verifiers: KeyedMac;
  private readonly cookie: string;
  private readonly path: string;
  private readonly secure: boolean;

  constructor(crypto: CryptoConfig, http: HttpConfig) {
    this.states = new SignedTokens(new KeyedMac(crypto, 'oauth state'), { macBytes: 32 });
    this.nonces = new KeyedMac(crypto, 'oauth nonce');
    this.verifiers = new KeyedMac(crypto, 'oauth verifier');
    const base = basePathOf(http);
    this.secure = http.publicUrl?.startsWith('https:') === true;
    // No other host can plant a cookie with this prefix, which requires the path `/`.
    const isHosts = this.secure && base === '';
    this.path = isHosts ? '/' : `${base}/api/v1/auth/oauth`;
    this.cookie = `${isHosts ? '__Host-' : this.secure ? '__Secure-' : ''}${PRODUCT.key}_oauth`;
  }

  begin(cookies: Cookies, flow: Omit<Flow, 'startedAt'>): Checks {
    // An existing cookie is kept, so that sign-ins in several tabs do not invalidate each other.
    const browser = this.browserOf(cookies) ?? randomBytes(32).toString('base64url');
    const content = { ...flow, startedAt: Date.now(), salt: randomBytes(16).toString('base64url') };
    const state = this.states.sign(Buffer.from(JSON.stringify(content)), browser);
    const { cookie, path, secure } = this;
    cookies.set(cookie, browser, { path, maxAge: LIFETIME_S, secure, sameSite: 'Lax' });
    return this.checksOf(state, browser);
  }

  /** The sign-in that this browser has started with this state; undefined for any other. */
  find(cookies: Cookies, state: unknown): (Flow & Checks) | undefined {
    const browser = this.browserOf(cookies);
    if (browser === undefined || typeof state !== 'string') return undefined;
    const content = this.states.open(state, browser);
    if (!content) return undefined;
    const flow = JSON.parse(content.toString()) as Flow;
    if (Date.now() - flow.startedAt > LIFETIME_S * 1000) return undefined;
    return { ...flow, ...this.checksOf(state, browser) };
  }

  private browserOf(cookies: Cookies): string | undefined {
    const value = cookies.get(this.cookie);
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
  }

  private checksOf(state: string, browser: string): Checks {
    return {
      state,
      nonce: this.nonces.text(state, browser),
      verifier: this.verifiers.text(state, browser),
    };
  }
}
