import { Injectable } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { SupabaseConfig } from './supabase.config.js';
import { apiError } from '../../platform/errors/errors.js';
import { bodyOf } from '../../platform/limits/bounded-body.js';
import { EmailAddress } from '../../platform/validation/fields.js';
import { validatorOf } from '../../platform/validation/compile.js';
import { SupabaseErrors } from './supabase.errors.js';

/** How long an answer may take, in milliseconds: two of them fit into the time that a request has. */
const TIMEOUT_MS = 1_000;
const MAX_ANSWER_BYTES = 256 * 1024;
/** Keys are fetched again when they are so old, in milliseconds … */
const KEYS_MAX_AGE_MS = 600_000;
/** … or when a token names one that is not there; not more often than so, in milliseconds. */
const KEYS_COOLDOWN_MS = 10_000;
/** How long keys that could not be fetched are not asked for again, in milliseconds. */
const PAUSE_MS = 2_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

class ServerUser {
  @EmailAddress()
  email!: string;
}

const validateUser = validatorOf(ServerUser);

/** The auth server of the Supabase project: it signs access tokens, and knows which email addresses are confirmed. */
@Injectable()
export class AuthServer {
  /** What its tokens name as their issuer; undefined when no project is configured. */
  readonly issuer: string | undefined;
  private readonly apiKey: string;
  private readonly fetchedKeys: JWTVerifyGetKey | undefined;
  private pausedUntil = 0;

  constructor({ supabaseUrl, supabaseAnonKey = '' }: SupabaseConfig) {
    this.apiKey = supabaseAnonKey;
    if (supabaseUrl === undefined) return;
    this.issuer = `${supabaseUrl.replace(/\/+$/, '')}/auth/v1`;
    this.fetchedKeys = createRemoteJWKSet(new URL(`${this.issuer}/.well-known/jwks.json`), {
      cacheMaxAge: KEYS_MAX_AGE_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: () => this.fetchKeys(),
    });
  }

  /**
   * The public key that a token names.
   * @throws JOSEError when there is none
   * @throws ApiError AUTH_SERVER_UNAVAILABLE when there may be one: the token is neither right nor wrong then
   */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    try {
      if (!this.fetchedKeys) throw new errors.JWKSNoMatchingKey();
      return await this.fetchedKeys(header, token);
    } catch (error) {
      const isAnswer =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw isAnswer ? error : unavailable(error);
    }
  };

  /**
   * The email address of the user whom a token belongs to, in lower case; undefined unless the server says that it
   * was confirmed.
   * @throws ApiError UNAUTHENTICATED when the server does not accept the token any more, AUTH_SERVER_UNAVAILABLE
   */
  async confirmedEmailOf(subject: string, token: string): Promise<string | undefined> {
    const { status, text } = await this.ask('/user', {
      authorization: `Bearer ${token}`,
      apikey: this.apiKey,
    });
    if (status === 401 || status === 403) throw apiError('UNAUTHENTICATED');
    if (status !== 200) throw unavailable(new Error(`Status ${status} of /user`));
    const { id, email, email_confirmed_at: confirmedAt } = objectOf(text);
    if (id !== subject) throw unavailable(new Error('/user answers somebody else'));
    if (typeof confirmedAt !== 'string' || confirmedAt === '') return undefined;
    return validateUser({ email }).value?.email;
  }

  /** Keys that could not be fetched are left alone for a while, however many tokens ask for them. */
  private async fetchKeys(): Promise<Response> {
    if (Date.now() < this.pausedUntil) throw unavailable(new Error('The keys could not be fetched just now'));
    try {
      const { status, text } = await this.ask('/.well-known/jwks.json', {});
      if (status !== 200) throw new Error(`Status ${status} of /.well-known/jwks.json`);
      if (!Array.isArray(objectOf(text)['keys'])) throw new Error('/.well-known/jwks.json holds no keys');
      return new Response(text);
    } catch (error) {
      this.pausedUntil = Date.now() + PAUSE_MS;
      throw error;
    }
  }

  private async ask(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${this.issuer}${path}`, { headers, signal, redirect: 'manual' });
      return { status: response.status, text: (await bodyOf(response, MAX_ANSWER_BYTES)).toString() };
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): Error {
  return apiError(SupabaseErrors.AUTH_SERVER_UNAVAILABLE, { cause });
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
  }
  if (typeof value !== 'object' || value === null)
    throw unavailable(new Error('The answer is no JSON object'));
  return value as Readonly<Record<string, unknown>>;
}
