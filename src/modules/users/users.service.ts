import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Cache } from '../../platform/cache/cache.js';
import { Caches } from '../../platform/cache/caches.js';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { OwnedRecords } from '../../platform/database/owned-records.js';
import { Repositories, type Repository } from '../../platform/database/repository.js';
import { afterwards, type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { NO_PRECONDITION, type Precondition } from '../../platform/http/entity-tag.js';
import type { Page } from '../../platform/http/page.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Caller, Scope, UserId } from '../../platform/security/caller.js';
import { MailLinksService } from '../mail-links/mail-links.service.js';
import { Administrators } from './administrators.js';
import { IdentityProof, type Proof } from './identity-proof.js';
import { PasswordHasher } from './password-hasher.js';
import { requireStrongPassword } from './password-rules.js';
import { PERMISSIONS_OF, type Role } from './roles.js';
import { type ListUsersQuery, type UpdateUserDto, UserDto } from './user.dto.js';
import { User } from './user.schema.js';

export type { User };

/** What a new user starts with. */
export interface NewUser {
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  /** Absent for who is to choose one by a mailed link. */
  readonly password?: string | null;
  readonly role: Role;
}

@Injectable()
export class UsersService {
  private readonly users: Repository<User>;
  private readonly callers: LiveCache<Caller>;

  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    private readonly hasher: PasswordHasher,
    private readonly events: DomainEvents,
    private readonly transactions: Transactions,
    private readonly owned: OwnedRecords,
    private readonly links: MailLinksService,
    private readonly proof: IdentityProof,
    private readonly administrators: Administrators,
    private readonly caches: Caches,
    repositories: Repositories,
    live: LiveCaches,
  ) {
    this.callers = live.of(model, (id) => this.loadCaller(id));
    this.users = repositories.of(model, {
      resource: 'user',
      ownerField: '_id',
      readers: 'users:read',
      taken: () => apiError('EMAIL_TAKEN'),
    });
  }

  /** @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN */
  async create({ password, ...fields }: NewUser, transaction?: Transaction): Promise<User> {
    if (password != null) requireStrongPassword(password, fields.email);
    const passwordHash = password == null ? undefined : await this.hasher.hash(password);
    const user = { ...fields, disabled: false, emailVerified: false, otpEnabled: false };
    return this.users.insert(passwordHash === undefined ? user : { ...user, passwordHash }, transaction);
  }

  /**
   * Creates a user for somebody else: an administrator does, or the start. Without a password the user gets a mail
   * with a link to choose one.
   * @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN, MAIL_NOT_CONFIGURED
   */
  async provision(fields: NewUser, transaction?: Transaction): Promise<User> {
    const isInvited = fields.password == null;
    if (isInvited) this.links.requireMail();
    const user = await this.create(fields, transaction);
    afterwards(transaction, () => {
      this.events.record('user_created', { userId: String(user._id), role: user.role });
      if (isInvited) this.links.send('set-password', () => Promise.resolve(UserDto.from(user)));
    });
    return user;
  }

  /**
   * Creates a user who signs in elsewhere, where the address was proved: it has no password.
   * @throws ApiError EMAIL_TAKEN
   */
  createProved(fields: Pick<NewUser, 'email' | 'name'>, transaction: Transaction): Promise<User> {
    const signIn = { role: 'user', disabled: false, emailVerified: true, otpEnabled: false } as const;
    return this.users.insert({ ...fields, ...signIn }, transaction);
  }

  /** @throws ApiError USER_NOT_FOUND */
  get(scope: Scope, id: string): Promise<User> {
    return this.users.get(scope, id);
  }

  /**
   * The user as it is answered to itself.
   * @throws ApiError USER_NOT_FOUND
   */
  @Cache({ ttl: 300 })
  async profile(id: UserId): Promise<UserDto> {
    return UserDto.from(await this.users.get({ owner: id }, id));
  }

  list(scope: Scope, query: ListUsersQuery): Promise<Page<User>> {
    return this.users.page(scope, query, query.email === undefined ? {} : { email: query.email });
  }

  /**
   * Changes a user, at once for its next request. Only who may change everybody changes roles and disables.
   * @throws ApiError FORBIDDEN, USER_NOT_FOUND, PRECONDITION_FAILED, CONFLICT, LAST_ADMIN
   */
  async update(scope: Scope, id: string, ifMatch: Precondition, change: UpdateUserDto): Promise<User> {
    const changesRights = change.role !== undefined || change.disabled !== undefined;
    if (changesRights && !scope.all) throw apiError('FORBIDDEN');
    const user = await this.transactions.run((transaction) =>
      this.change(scope, id, ifMatch, change, transaction),
    );
    const userId = user._id.toHexString();
    this.callers.forget(userId);
    if (changesRights) {
      this.events.record('user_rights_changed', { userId, role: user.role, disabled: user.disabled });
    }
    return user;
  }

  /**
   * Deletes a user and everything that belongs to it. It is disabled first, so that nothing is added meanwhile; an
   * administrator can finish what was interrupted.
   * @throws ApiError USER_NOT_FOUND, PRECONDITION_FAILED, LAST_ADMIN
   */
  async remove(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    const { _id } = await this.transactions.run((transaction) =>
      this.change(scope, id, ifMatch, { disabled: true }, transaction),
    );
    const owner = _id.toHexString() as UserId;
    this.callers.forget(owner);
    const records = await this.owned.removeAllOf(owner);
    await this.users.remove(scope, id, NO_PRECONDITION);
    // What a request that was under way has added since.
    const late = await this.owned.removeAllOf(owner);
    this.events.record('user_deleted', { userId: owner, records: records + late });
  }

  /**
   * Deletes a user as it asks for itself.
   * @throws ApiError USER_NOT_FOUND, INVALID_CREDENTIALS, OTP_REQUIRED, INVALID_OTP, RATE_LIMITED, LAST_ADMIN
   */
  async removeSelf(caller: Caller, id: string, proof: Proof, device: Device): Promise<void> {
    const scope = { owner: caller.id };
    const user = await this.users.get(scope, id);
    await this.proof.require(user, proof, device);
    await this.remove(scope, id, NO_PRECONDITION);
  }

  /** Says whether a second factor is asked for, in the transaction that turns it on or off. */
  async setOtpEnabled(id: UserId, otpEnabled: boolean, transaction: Transaction): Promise<void> {
    await this.change({ owner: id }, id, NO_PRECONDITION, { otpEnabled }, transaction);
  }

  /**
   * Changes a user and evicts what is kept of it, in one.
   * @throws ApiError LAST_ADMIN, once it is clear that the change is allowed otherwise
   */
  private async change(
    scope: Scope,
    id: string,
    ifMatch: Precondition,
    change: UpdateUserDto & { readonly otpEnabled?: boolean },
    transaction: Transaction,
  ): Promise<User> {
    // Its changes at the same time come one after the other: their stamps would stand in each other's way.
    await this.transactions.lock(`user ${id.toLowerCase()}`, transaction);
    if (takesRights(change)) {
      await this.transactions.lock('administrators', transaction);
      await this.users.require(scope, id, ifMatch, transaction);
      await this.administrators.requireAnother(id, transaction);
    }
    const user = await this.users.update(scope, id, ifMatch, change, transaction);
    await this.caches.evict(UsersService, user._id.toHexString() as UserId, transaction);
    return user;
  }

  /** The user with this id, whoever asks: for keeping it signed in. */
  findById(id: UserId): Promise<User | null> {
    return this.model.findById(id).lean<User>();
  }

  /** The user with this address, whoever asks: for signing in and for the start. */
  findByEmail(email: string): Promise<User | null> {
    return this.model.findOne({ email }).lean<User>();
  }

  /** Takes the address of a user for proved. Raises the version, for the user is answered differently from then on. */
  async verifyEmail(id: UserId): Promise<void> {
    const change = { $set: { emailVerified: true }, $inc: { version: 1 } };
    await this.transactions.run(async (transaction) => {
      const { session } = transaction;
      const isNews = { _id: id, emailVerified: { $ne: true } };
      const { modifiedCount } = await this.model.updateOne(isNews, change, { session });
      if (modifiedCount === 0) return;
      await this.caches.evict(UsersService, id, transaction);
      transaction.afterwards(() => this.events.record('email_verified', { userId: id }));
    });
  }

  /** Whether this is the password of the user; `null` stands for a user that does not exist and takes as long. */
  hasPassword(user: User | null, password: string): Promise<boolean> {
    return this.hasher.matches(password, user?.passwordHash);
  }

  /**
   * Hashes the right password of a user again where the configured cost has changed since. Its version stays: nothing
   * that anybody sees has changed. A busy server leaves it for the next time.
   */
  async renewHash({ _id, passwordHash }: User, password: string): Promise<void> {
    if (passwordHash === undefined || !this.hasher.isOutdated(passwordHash)) return;
    try {
      const renewed = await this.hasher.hash(password);
      // Not over a password that was changed meanwhile.
      await this.model.updateOne({ _id, passwordHash }, { passwordHash: renewed }, { timestamps: false });
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'OVERLOADED')) throw error;
    }
  }

  /** The user as a caller, without a promise where it is known already; null when there is none or it is disabled. */
  findCaller(id: string): Caller | null | Promise<Caller | null> {
    return this.callers.get(id);
  }

  private async loadCaller(id: string): Promise<Caller | null> {
    const user = await this.model
      .findById(id, { role: 1, disabled: 1 })
      .lean<Pick<User, 'role' | 'disabled'>>();
    if (!user || user.disabled) return null;
    return { id: id as UserId, role: user.role, permissions: PERMISSIONS_OF[user.role] };
  }
}

/** Whether a change may leave an administrator without its rights. */
function takesRights({ role, disabled }: UpdateUserDto): boolean {
  return (role !== undefined && role !== 'admin') || disabled === true;
}
