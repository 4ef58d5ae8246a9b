import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import type { Authenticator } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { type LiveSession, SessionsService } from '../sessions/sessions.service.js';
import { type Bearer, type BearerKind, BearerKinds } from '../users/bearer-kinds.js';
import { UsersService } from '../users/users.service.js';
import { AccessTokens, type TokenSubject } from './access-tokens.js';

/**
 * Authenticates a caller by `Authorization: Bearer`: an access token, or a token of a kind that a module has
 * registered. Ignores cookies.
 */
@Injectable()
export class TokenAuthenticator implements Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
    private readonly kinds: BearerKinds,
  ) {}

  authenticate(request: FastifyRequest, { afresh = false } = {}): Caller | Promise<Caller> {
    const token = tokenOf(request);
    if (token === undefined) throw apiError('UNAUTHENTICATED');
    const kind = this.kinds.byPrefix(token);
    if (kind) return this.bearer(kind, token, afresh);
    const subject = this.tokens.verify(token);
    if (subject) return this.person(subject, afresh);
    const { other } = this.kinds;
    if (!other) throw apiError('UNAUTHENTICATED');
    return this.bearer(other, token, afresh);
  }

  async again({ id, session, apiKey, validFrom }: Caller): Promise<Caller> {
    const user = await this.users.findCaller(id);
    if (session !== undefined) {
      return signedIn({ userId: id, sessionId: session }, await this.sessions.look(session), user);
    }
    const now = known(user);
    if (apiKey !== undefined) {
      const bearer = await this.kinds.again(apiKey);
      return known(bearer && bearer.as(now));
    }
    // Nothing else is known about another issuer's token.
    if (now.validFrom > validFrom) throw apiError('UNAUTHENTICATED');
    return now;
  }

  subjectOf(request: Pick<IncomingMessage, 'headers'>): string | undefined {
    const token = tokenOf(request);
    if (token === undefined) return undefined;
    const kind = this.kinds.byPrefix(token);
    if (kind) return kind.subjectOf(token);
    return this.tokens.verify(token)?.userId ?? this.kinds.other?.subjectOf(token);
  }

  private person(subject: TokenSubject, afresh: boolean): Caller | Promise<Caller> {
    const session = this.sessions.find(subject.sessionId, subject.generation, afresh);
    const user = this.users.findCaller(subject.userId, afresh);
    if (session instanceof Promise || user instanceof Promise) {
      return Promise.all([session, user]).then((found) => signedIn(subject, ...found));
    }
    return signedIn(subject, session, user);
  }

  private bearer(kind: BearerKind, token: string, afresh: boolean): Caller | Promise<Caller> {
    return then(kind.resolve(token), (bearer: Bearer | null) => {
      if (!bearer) throw apiError('UNAUTHENTICATED');
      return then(this.users.findCaller(bearer.owner, afresh), (user) => known(bearer.as(known(user))));
    });
  }
}

function tokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer ([\w.-]{1,4096})$/i.exec(headers.authorization ?? '')?.[1];
}

/** The next step, synchronously if possible. */
function then<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** @throws ApiError UNAUTHENTICATED when the session is over, or the user may not sign in */
function signedIn(
  subject: Omit<TokenSubject, 'generation'>,
  session: LiveSession | null,
  user: Caller | null,
): Caller {
  const isAlive = session?.owner === subject.userId && session.expiresAt > Date.now();
  if (!isAlive) throw apiError('UNAUTHENTICATED');
  return { ...known(user), session: subject.sessionId, provenAt: session.provenAt };
}

/** @throws ApiError UNAUTHENTICATED when there is no such user, or it may not sign in */
function known(user: Caller | null): Caller {
  if (!user) throw apiError('UNAUTHENTICATED');
  return user;
}
