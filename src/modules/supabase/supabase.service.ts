import { Injectable } from '@nestjs/common';
import { UsersConfig } from '../users/users.config.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import type { UserId } from '../../platform/access/caller.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { type Bearer, type BearerKind, BearerKinds } from '../users/bearer-kinds.js';
import { UsersService } from '../users/users.service.js';
import { AuthServer } from './auth-server.js';
import { IdentitiesService } from '../identities/identities.service.js';
import { type Bearer as ProjectToken, SupabaseTokens } from './supabase-tokens.js';
import { SupabaseErrors } from './supabase.errors.js';
import { UserErrors } from '../users/user.errors.js';

/** How many first sign-ins may run at a time. */
const MAX_ARRIVALS = 1_000;
/** How long a refusal is cached, in milliseconds: the auth server would say the same. */
const REFUSAL_MS = 2_000;

/** Authenticates access tokens of the Supabase project, and creates a user at the first sign-in. */
@Injectable()
export class SupabaseService implements BearerKind {
  /** By subject, so that of requests that arrive together one creates the user. */
  private readonly arrivals = new Map<string, Promise<UserId>>();

  constructor(
    private readonly config: UsersConfig,
    private readonly tokens: SupabaseTokens,
    private readonly server: AuthServer,
    private readonly identities: IdentitiesService,
    private readonly users: UsersService,
    kinds: BearerKinds,
  ) {
    kinds.register(this);
  }

  /**
   * The user whom a token stands for, without a promise where it is known already; null for an invalid token.
   * @throws ApiError AUTH_SERVER_UNAVAILABLE, and at the first sign-in EMAIL_NOT_CONFIRMED,
   *   ACCOUNT_LINK_REQUIRED, REGISTRATION_CLOSED, OVERLOADED
   */
  resolve(token: string): Bearer | null | Promise<Bearer | null> {
    const bearer = this.tokens.verify(token);
    if (bearer instanceof Promise) return bearer.then((verified) => verified && this.userOf(verified, token));
    return bearer && this.userOf(bearer, token);
  }

  subjectOf(token: string): string | undefined {
    return this.identities.peek(this.tokens.peek(token)?.identityId);
  }

  /**
   * Links an identity to a user who proves it with a token. Idempotent.
   * @throws ApiError VALIDATION_ERROR, IDENTITY_TAKEN, IDENTITY_LIMIT_REACHED, AUTH_SERVER_UNAVAILABLE
   */
  async link(
    owner: UserId,
    accessToken: string,
    transaction?: Transaction,
  ): ReturnType<IdentitiesService['link']> {
    const bearer = await this.tokens.verify(accessToken);
    if (bearer) return this.identities.link(owner, bearer, transaction);
    throw invalid([
      { path: 'accessToken', message: 'accessToken must be a valid access token of the Supabase project' },
    ]);
  }

  private userOf(bearer: ProjectToken, token: string): Bearer | Promise<Bearer> {
    const known = this.identities.ownerOf(bearer);
    if (typeof known === 'string') return bearerOf(bearer, known);
    return Promise.resolve(known)
      .then((owner) => owner ?? this.arrive(bearer, token))
      .then((owner) => bearerOf(bearer, owner));
  }

  private arrive(bearer: ProjectToken, token: string): Promise<UserId> {
    const { subject } = bearer;
    const underWay = this.arrivals.get(subject);
    if (underWay) return underWay;
    if (this.arrivals.size >= MAX_ARRIVALS) throw apiError('OVERLOADED');
    const arrival = this.admit(bearer, token);
    this.arrivals.set(subject, arrival);
    const forget = (): void => void this.arrivals.delete(subject);
    arrival.then(forget, () => setTimeout(forget, REFUSAL_MS).unref());
    return arrival;
  }

  /** The address is asked of the auth server: what a token says of it, its bearer may have written. */
  private async admit(bearer: ProjectToken, token: string): Promise<UserId> {
    // Since it was looked for, another request may have arrived and been let in.
    const owner = await this.identities.ownerOf(bearer);
    if (owner) return owner;
    const email = await this.server.confirmedEmailOf(bearer.subject, token);
    if (email === undefined) throw apiError(SupabaseErrors.EMAIL_NOT_CONFIRMED);
    if (await this.users.findByEmail(email)) return this.identities.ownerSince(bearer);
    if (this.config.registration === 'closed') throw apiError(UserErrors.REGISTRATION_CLOSED);
    return this.identities.createUser(bearer, email);
  }
}

/** Tokens from before the user's rights were ended are refused. */
function bearerOf({ issuedAt, provenAt }: ProjectToken, owner: UserId): Bearer {
  return { owner, as: (user) => (issuedAt < user.validFrom ? null : { ...user, provenAt }) };
}
