import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import type { Authenticator } from '../../platform/security/access.js';
import type { Caller } from '../../platform/security/caller.js';
import { ApiKeysService, type KeyHolder } from '../api-keys/api-keys.service.js';
import { type LiveSession, SessionsService } from '../sessions/sessions.service.js';
import { type Guest, SupabaseService } from '../supabase/supabase.service.js';
import { UsersService } from '../users/users.service.js';
import { AccessTokens, type TokenSubject } from './access-tokens.js';
import { PRODUCT } from '../../product/product.js';

/**
 * Knows a caller by what `Authorization: Bearer` holds: an access token, an API key, or an access token of the
 * Supabase project. Cookies are never looked at.
 */
@Injectable()
export class TokenAuthenticator implements Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
    private readonly apiKeys: ApiKeysService,
    private readonly supabase: SupabaseService,
  ) {}

  authenticate({ headers }: FastifyRequest, { afresh = false } = {}): Caller | Promise<Caller> {
    const [, token] = /^Bearer ([\w.-]{1,4096})$/i.exec(headers.authorization ?? '') ?? [];
    if (token === undefined) throw apiError('UNAUTHENTICATED');
    if (token.startsWith(PRODUCT.apiKeyPrefix)) {
      return then(this.apiKeys.resolve(token), (holder) => this.program(holder, afresh));
    }
    const subject = this.tokens.verify(token);
    if (subject) return this.person(subject, afresh);
    return then(this.supabase.resolve(token), (bearer) => this.guest(bearer, afresh));
  }

  private person(subject: TokenSubject, afresh: boolean): Caller | Promise<Caller> {
    const session = this.sessions.find(subject.sessionId, subject.generation, afresh);
    const user = this.users.findCaller(subject.userId, afresh);
    if (session instanceof Promise || user instanceof Promise) {
      return Promise.all([session, user]).then((found) => signedIn(subject, ...found));
    }
    return signedIn(subject, session, user);
  }

  private program(holder: KeyHolder | null, afresh: boolean): Caller | Promise<Caller> {
    if (!holder) throw apiError('UNAUTHENTICATED');
    return then(this.users.findCaller(holder.owner, afresh), (user) => {
      const caller = known(user);
      const { id: apiKey, readOnly } = holder;
      return { ...caller, apiKey, readOnly, permissions: holder.permissionsOf(caller) };
    });
  }

  private guest(guest: Guest | null, afresh: boolean): Caller | Promise<Caller> {
    if (!guest) throw apiError('UNAUTHENTICATED');
    return then(this.users.findCaller(guest.owner, afresh), (user) => {
      const caller = known(user);
      if (guest.issuedAt < caller.validFrom) throw apiError('UNAUTHENTICATED');
      return { ...caller, provenAt: guest.provenAt };
    });
  }
}

/** The next step, at once where nothing has to be waited for. */
function then<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** @throws ApiError UNAUTHENTICATED when the session is over, or the user may not sign in */
function signedIn(subject: TokenSubject, session: LiveSession | null, user: Caller | null): Caller {
  const isAlive = session?.owner === subject.userId && session.expiresAt > Date.now();
  if (!isAlive) throw apiError('UNAUTHENTICATED');
  return { ...known(user), session: subject.sessionId, provenAt: session.provenAt };
}

/** @throws ApiError UNAUTHENTICATED when there is no such user, or it may not sign in */
function known(user: Caller | null): Caller {
  if (!user) throw apiError('UNAUTHENTICATED');
  return user;
}
