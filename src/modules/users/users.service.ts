import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Repositories, type Repository } from '../../platform/database/repository.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Page } from '../../platform/http/page.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Caller, Scope, UserId } from '../../platform/security/caller.js';
import { CallerCache } from './caller-cache.js';
import { PasswordHasher } from './password-hasher.js';
import { PERMISSIONS_OF, type Role } from './roles.js';
import { type ListUsersQuery, MAX_PASSWORD_BYTES } from './user.dto.js';
import { User } from './user.schema.js';

/** What a new user starts with. */
export interface NewUser {
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly role: Role;
}

@Injectable()
export class UsersService {
  private readonly users: Repository<User>;

  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    private readonly hasher: PasswordHasher,
    private readonly callers: CallerCache,
    private readonly events: DomainEvents,
    repositories: Repositories,
  ) {
    this.users = repositories.of(model, {
      resource: 'user',
      ownerField: '_id',
      taken: () => apiError('EMAIL_TAKEN'),
    });
  }

  /** @throws ApiError EMAIL_TAKEN */
  async create({ password, ...fields }: NewUser): Promise<User> {
    return this.users.insert({ ...fields, passwordHash: await this.hasher.hash(password), disabled: false });
  }

  /**
   * Creates a user for somebody else: an administrator does, or the start.
   * @throws ApiError EMAIL_TAKEN
   */
  async provision(fields: NewUser): Promise<User> {
    const user = await this.create(fields);
    this.events.record('user_created', { userId: String(user._id), role: user.role });
    return user;
  }

  /** @throws ApiError USER_NOT_FOUND */
  get(scope: Scope, id: string): Promise<User> {
    return this.users.get(scope, id);
  }

  list(scope: Scope, query: ListUsersQuery): Promise<Page<User>> {
    return this.users.page(scope, query, query.email === undefined ? {} : { email: query.email });
  }

  /** The user with this address, whoever asks: for signing in and for the start. */
  findByEmail(email: string): Promise<User | null> {
    return this.model.findOne({ email }).lean<User>();
  }

  hasAdministrator(): Promise<boolean> {
    return this.model.exists({ role: 'admin' }).then(Boolean);
  }

  /** Whether this is the password of the user; `null` stands for a user that does not exist and takes as long. */
  async hasPassword(user: User | null, password: string): Promise<boolean> {
    const matches = await this.hasher.matches(password, user?.passwordHash);
    return matches && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
  }

  /** The user as a caller with its role of at most a second ago, or null when there is none or it is disabled. */
  findCaller(id: string): Caller | null | Promise<Caller | null> {
    return this.callers.get(id, () => this.loadCaller(id));
  }

  private async loadCaller(id: string): Promise<Caller | null> {
    const user = await this.model
      .findById(id, { role: 1, disabled: 1 })
      .lean<Pick<User, 'role' | 'disabled'>>();
    if (!user || user.disabled) return null;
    return { id: id as UserId, role: user.role, permissions: PERMISSIONS_OF[user.role] };
  }
}
