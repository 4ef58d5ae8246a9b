import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import type { Authenticator } from '../../platform/security/access.js';
import type { Caller } from '../../platform/security/caller.js';
import { UsersService } from '../users/users.service.js';
import { AccessTokens } from './access-tokens.js';

/** Knows a caller by the access token in `Authorization: Bearer`. Cookies are never looked at. */
@Injectable()
export class TokenAuthenticator implements Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly users: UsersService,
  ) {}

  authenticate({ headers }: FastifyRequest): Caller | Promise<Caller> {
    const [, token] = /^Bearer ([\w.-]{1,4096})$/i.exec(headers.authorization ?? '') ?? [];
    const userId = token === undefined ? undefined : this.tokens.verify(token);
    const caller = userId === undefined ? null : this.users.findCaller(userId);
    return caller instanceof Promise ? caller.then(known) : known(caller);
  }
}

function known(caller: Caller | null): Caller {
  if (!caller) throw apiError('UNAUTHENTICATED');
  return caller;
}
