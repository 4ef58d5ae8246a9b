import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import type { Authenticator } from '../../platform/security/access.js';
import type { Caller } from '../../platform/security/caller.js';
import { type LiveSession, SessionsService } from '../sessions/sessions.service.js';
import { UsersService } from '../users/users.service.js';
import { AccessTokens, type TokenSubject } from './access-tokens.js';

/** Knows a caller by what it shows in `Authorization: Bearer`. Cookies are never looked at. */
@Injectable()
export class TokenAuthenticator implements Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
  ) {}

  authenticate({ headers }: FastifyRequest): Caller | Promise<Caller> {
    const [, token] = /^Bearer ([\w.-]{1,4096})$/i.exec(headers.authorization ?? '') ?? [];
    if (token === undefined) throw apiError('UNAUTHENTICATED');
    return this.byAccessToken(token);
  }

  private byAccessToken(token: string): Caller | Promise<Caller> {
    const subject = this.tokens.verify(token);
    if (!subject) throw apiError('UNAUTHENTICATED');
    const session = this.sessions.find(subject.sessionId);
    const user = this.users.findCaller(subject.userId);
    if (session instanceof Promise || user instanceof Promise) {
      return Promise.all([session, user]).then((found) => signedIn(subject, ...found));
    }
    return signedIn(subject, session, user);
  }
}

/** @throws ApiError UNAUTHENTICATED when the session is over, or the user may not sign in */
function signedIn(subject: TokenSubject, session: LiveSession | null, user: Caller | null): Caller {
  const isAlive = session?.owner === subject.userId && session.expiresAt > Date.now();
  if (!isAlive || !user) throw apiError('UNAUTHENTICATED');
  return { ...user, session: subject.sessionId };
}
