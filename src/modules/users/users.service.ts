import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Claim } from '../../platform/concurrency/fair-queue.js';
import { withTimeout } from '../../platform/concurrency/timeout.js';
import { ChangeFeed } from '../../platform/database/change-feed.js';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { OwnedRecords } from '../../platform/database/owned-records.js';
import { OwnerRemovals } from '../../platform/database/owner-removals.js';
import type { NewRecord } from '../../platform/database/record.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { afterwards, type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { NO_PRECONDITION, type Precondition } from '../../platform/validation/precondition.js';
import type { Page } from '../../platform/validation/page-query.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { actorOf, type Caller, type Scope, scopeOf, type UserId } from '../../platform/access/caller.js';
import { AccountMails } from './account-mails.js';
import { Administrators, takesRights } from './administrators.js';
import { callerOf } from './caller-of.js';
import { IdentityProof, type Proof } from './identity-proof.js';
import { Mailboxes } from './mailboxes.js';
import type { NewUser } from './new-user.js';
import { PasswordHasher } from './password-hasher.js';
import { requireStrongPassword } from './strong-password.js';
import { claimOf } from './user-passwords.js';
import { type CreateUserDto, type ListUsersQuery, type UpdateUserDto, UserDto } from './user.dto.js';
import { User, users } from './user.schema.js';
import { Roles } from './roles.js';
import { UserErrors } from './user.errors.js';
import { UserEvents } from './user.events.js';

/**
 * How long a deletion waits for the removal of the user's records: if there are few, they are gone before the response.
 */
const REMOVAL_MS = 1_000;

export type { User };

@Injectable()
export class UsersService {
  private readonly callers: LiveCache<Caller>;
  private readonly profiles: LiveCache<UserDto>;

  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    @InjectRecords(users) private readonly records: Records<User>,
    private readonly hasher: PasswordHasher,
    private readonly mailboxes: Mailboxes,
    private readonly events: DomainEvents,
    private readonly transactions: Transactions,
    private readonly owned: OwnedRecords,
    private readonly removals: OwnerRemovals,
    private readonly mails: AccountMails,
    private readonly proof: IdentityProof,
    private readonly administrators: Administrators,
    private readonly feed: ChangeFeed,
    private readonly roles: Roles,
    live: LiveCaches,
  ) {
    this.callers = live.of(model, (id) => this.loadCaller(id));
    this.profiles = live.of(model, (id) => this.loadProfile(id));
  }

  /** @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN */
  async create({ password, by, ...fields }: NewUser, claim: Claim, transaction?: Transaction): Promise<User> {
    if (password != null) requireStrongPassword(password, fields.email);
    const passwordHash = password == null ? undefined : await this.hasher.hash(password, claim);
    const user = { emailVerified: false, ...fields, disabled: false, otpEnabled: false };
    return this.insert(passwordHash === undefined ? user : { ...user, passwordHash }, transaction, by);
  }

  /**
   * Creates a user on behalf of an administrator or at startup. Without a password, the user is mailed a link to choose
   * one.
   * @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN, MAIL_NOT_CONFIGURED
   */
  async provision(fields: NewUser, claim: Claim, transaction?: Transaction): Promise<User> {
    const isInvited = fields.password == null;
    if (isInvited) this.mails.requireConfigured();
    const user = await this.create(fields, claim, transaction);
    afterwards(transaction, () => {
      this.events.record(UserEvents.user_created, { userId: String(user._id), role: user.role });
      if (isInvited) this.mails.invite(user);
    });
    return user;
  }

  /** @throws ApiError FORBIDDEN for an API key that assigns a role, and as `provision` */
  createFor(
    caller: Caller,
    { address }: Device,
    dto: CreateUserDto,
    transaction?: Transaction,
  ): Promise<User> {
    const role = dto.role ?? 'user';
    if (caller.apiKey !== undefined && role !== 'user') throw apiError('FORBIDDEN');
    const by = actorOf(caller);
    return this.provision({ ...dto, role, by }, claimOf(address, caller.id, true), transaction);
  }

  /**
   * Creates a user without a password, who signs in with a provider that has verified the address.
   * @throws ApiError EMAIL_TAKEN
   */
  createProved(fields: Pick<NewUser, 'email' | 'name'>, transaction: Transaction): Promise<User> {
    const signIn = { role: 'user', disabled: false, emailVerified: true, otpEnabled: false } as const;
    return this.insert({ ...fields, ...signIn }, transaction);
  }

  /** @throws ApiError USER_NOT_FOUND */
  get(scope: Scope, id: string): Promise<User> {
    return this.records.get(scope, id);
  }

  /**
   * The user as shown to itself.
   * @throws ApiError USER_NOT_FOUND
   */
  async profile(id: UserId): Promise<UserDto> {
    const known = await this.profiles.get(id);
    if (!known) throw apiError(UserErrors.USER_NOT_FOUND);
    return known;
  }

  async list(scope: Scope, query: ListUsersQuery): Promise<Page<User>> {
    if (query.email === undefined) return this.records.page(scope, query, {});
    const found = await this.mailboxes.find(query.email);
    return this.records.page(scope, query, { email: found?.email ?? query.email });
  }

  /**
   * Changes a user with effect on its next request. Changing roles and disabling require the permission for all users.
   * @throws ApiError FORBIDDEN, USER_NOT_FOUND, PRECONDITION_FAILED, CONFLICT, LAST_ADMIN
   */
  async update(scope: Scope, id: string, ifMatch: Precondition, change: UpdateUserDto): Promise<User> {
    const changesRights = change.role !== undefined || change.disabled !== undefined;
    if (changesRights && !(scope.all && scope.permission === users.may.write)) throw apiError('FORBIDDEN');
    const user = await this.transactions.run((transaction) =>
      this.change(scope, id, ifMatch, change, transaction),
    );
    const { _id, role, disabled } = user;
    if (changesRights)
      this.events.record(UserEvents.user_rights_changed, { userId: String(_id), role, disabled });
    return user;
  }

  /**
   * Deletes a user with all its credentials, and then its other records. If there are many, the rest is removed after
   * this has resolved.
   * @throws ApiError USER_NOT_FOUND, PRECONDITION_FAILED, LAST_ADMIN
   */
  async remove(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    const owner = await this.transactions.run(async (transaction) => {
      const { _id } = await this.change(scope, id, ifMatch, { disabled: true }, transaction);
      const userId = _id.toHexString() as UserId;
      await this.records.remove(scope, id, NO_PRECONDITION, transaction);
      await this.owned.removeCredentials(userId, transaction);
      await this.removals.note(userId, transaction);
      return userId;
    });
    this.events.record(UserEvents.user_deleted, { userId: owner });
    await withTimeout(REMOVAL_MS, this.removals.finish(owner)).catch(() => undefined);
  }

  /**
   * Deletes a user at its own request.
   * @throws ApiError USER_NOT_FOUND, INVALID_CREDENTIALS, OTP_REQUIRED, INVALID_OTP, RATE_LIMITED, LAST_ADMIN
   */
  async removeSelf(caller: Caller, id: string, proof: Proof, device: Device): Promise<void> {
    const scope = scopeOf(caller.id);
    const user = await this.records.get(scope, id);
    // Without credentials, the session has a recent proof.
    if (proof.password != null || proof.otp != null) await this.proof.require(user, proof, device);
    await this.remove(scope, id, NO_PRECONDITION);
  }

  /** Sets whether a second factor is required, in the transaction that turns it on or off. */
  async setOtpEnabled(id: UserId, otpEnabled: boolean, transaction: Transaction): Promise<void> {
    await this.change(scopeOf(id), id, NO_PRECONDITION, { otpEnabled }, transaction);
  }

  /**
   * Changes a user in the transaction, and evicts its cached data.
   * @throws ApiError LAST_ADMIN, if the change is allowed otherwise
   */
  private async change(
    scope: Scope,
    id: string,
    ifMatch: Precondition,
    change: UpdateUserDto & { readonly otpEnabled?: boolean },
    transaction: Transaction,
  ): Promise<User> {
    // Concurrent changes of a user are serialized instead of conflicting.
    await this.transactions.lock(`user ${id.toLowerCase()}`, transaction);
    if (takesRights(change)) {
      await this.transactions.lock('administrators', transaction);
      await this.records.require(scope, id, ifMatch, transaction);
      await this.administrators.requireAnother(id, transaction);
    }
    const { disabled } = change;
    const rest = disabled ? { ...change, validFrom: new Date() } : change;
    const user = await this.records.update(scope, id, ifMatch, rest, transaction);
    const owner = user._id.toHexString() as UserId;
    if (disabled) {
      // For good: after being enabled the user has to sign in again.
      await this.owned.removeCredentials(owner, transaction, ['token']);
      await this.mails.disabled(owner, transaction);
    }
    transaction.afterwards(() => this.feed.note(this.model.collection.name, owner));
    return user;
  }

  private async insert(user: NewRecord<User>, transaction?: Transaction, by?: NewUser['by']): Promise<User> {
    await this.mailboxes.requireFree(user.email);
    return this.records.insert(user, transaction, by);
  }

  /** The user with this id, without access control: to keep it signed in. */
  findById(id: UserId): Promise<User | null> {
    return this.model.findById(id).lean<User>();
  }

  /** The user with this address, without access control: for signing in and at startup. */
  findByEmail(email: string): Promise<User | null> {
    return this.mailboxes.find(email);
  }

  /** The user as a caller, without a promise if it is cached; null if it does not exist or is disabled. */
  findCaller(id: string, afresh = false): Caller | null | Promise<Caller | null> {
    if (afresh) this.callers.forget(id);
    return this.callers.get(id);
  }

  private async loadProfile(id: string): Promise<UserDto | null> {
    const user = await this.model.findById(id).lean<User>();
    return user && UserDto.from(user);
  }

  private async loadCaller(id: string): Promise<Caller | null> {
    const user = await this.model
      .findById(id, { role: 1, disabled: 1, emailVerified: 1, otpEnabled: 1, validFrom: 1 })
      .lean<User>();
    return user && callerOf(user, this.roles.permissionsOf(user.role));
  }
}
