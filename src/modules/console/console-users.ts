import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo, Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import { inTurn, MAX_MS } from '../../platform/database/counting.js';
import type { Records } from '../../platform/database/records.js';
import { Repositories } from '../../platform/database/repositories.js';
import type { Page } from '../../platform/validation/page-query.js';
import { Mailboxes } from '../users/mailboxes.js';
import { UserDto } from '../users/user.dto.js';
import { type User, UsersService } from '../users/users.service.js';
import { ConsoleUserDto, type ConsoleUsersQuery, ROLES } from './console-users.dto.js';

const COLLECTION = 'users';
/** Where it is noted that a user has done something, and when. Parts that are left out have noted nothing. */
const TRACES = [
  { collection: 'sessions', user: 'ownerId', at: 'lastUsedAt', keyOf: (id: Types.ObjectId): unknown => id },
  {
    collection: 'audit',
    user: 'actorId',
    at: 'createdAt',
    keyOf: (id: Types.ObjectId): unknown => id.toHexString(),
  },
] as const;

/** Finds users by what administrators look for, and when each was seen last. */
@Injectable()
export class ConsoleUsers {
  constructor(
    private readonly repositories: Repositories,
    private readonly service: UsersService,
    private readonly mailboxes: Mailboxes,
    @InjectConnection() private readonly connection: Connection,
  ) {}

  /** Newest first; by address where the query has one. */
  async list(scope: Scope, query: ConsoleUsersQuery): Promise<Page<ConsoleUserDto>> {
    const { items, pagination } = await this.page(scope, query);
    return { items: await this.shown(items), pagination };
  }

  /** @throws ApiError USER_NOT_FOUND */
  async get(scope: Scope, id: string): Promise<ConsoleUserDto> {
    const [user] = await this.shown([await this.service.get(scope, id)]);
    return user as ConsoleUserDto;
  }

  private async page(
    scope: Scope,
    { email, role, disabled, ...query }: ConsoleUsersQuery,
  ): Promise<Page<User>> {
    const isFiltered = role !== undefined || disabled !== undefined;
    // Every value of both: the one index then gives each combination in order.
    const filter = isFiltered && {
      role: { $in: role === undefined ? ROLES : [role] },
      disabled: { $in: disabled === undefined ? [false, true] : [disabled] },
    };
    if (email === undefined) return this.records.page(scope, query, { ...filter });
    return this.byAddress(scope, query, { ...filter, email: await this.addressesLike(email.toLowerCase()) });
  }

  private async byAddress(
    scope: Scope,
    { limit, page = 1, total }: ConsoleUsersQuery,
    filter: mongo.Document,
  ): Promise<Page<User>> {
    const offset = (page - 1) * limit;
    const stages = [{ $match: filter }, { $sort: { email: 1 } }, { $skip: offset }, { $limit: limit + 1 }];
    const count = () => this.connection.collection(COLLECTION).countDocuments(filter, { maxTimeMS: MAX_MS });
    const items = await this.records.aggregate<User>(scope, stages as never);
    return {
      items: items.slice(0, limit),
      pagination: {
        limit,
        offset,
        hasMore: items.length > limit,
        nextCursor: null,
        ...(total && { total: await inTurn(scope, count) }),
      },
    };
  }

  /** What an address begins with; one that nothing begins with may be another form of somebody's. */
  private async addressesLike(typed: string): Promise<mongo.Document> {
    const begins = { $gte: typed, $lt: `${typed}\u{10ffff}` };
    if (!typed.includes('@') || (await this.connection.collection(COLLECTION).findOne({ email: begins })))
      return begins;
    return { $eq: (await this.mailboxes.find(typed))?.email ?? typed };
  }

  private async shown(users: readonly User[]): Promise<ConsoleUserDto[]> {
    const seen = await this.newestTraces(users.map(({ _id }) => _id));
    return users.map((user) => ({
      ...UserDto.from(user),
      lastSeen: seen.get(user._id.toHexString()) ?? null,
    }));
  }

  /** The newest trace of each: one step in an index. */
  private async newestTraces(ids: readonly Types.ObjectId[]): Promise<ReadonlyMap<string, Date>> {
    const found = await Promise.all(
      TRACES.map(({ collection, user, at, keyOf }) =>
        this.connection
          .collection(collection)
          .aggregate<{ _id: unknown; at: Date }>([
            { $match: { [user]: { $in: ids.map(keyOf) } } },
            { $sort: { [user]: 1, [at]: -1 } },
            { $group: { _id: `$${user}`, at: { $first: `$${at}` } } },
          ])
          .toArray(),
      ),
    );
    const newest = new Map<string, Date>();
    for (const { _id, at } of found.flat()) {
      const id = String(_id);
      if (at > (newest.get(id) ?? new Date(0))) newest.set(id, at);
    }
    return newest;
  }

  private get records(): Records<User> {
    const made = this.repositories.all.find(({ collection }) => collection === COLLECTION);
    if (!made) throw new Error('There are no records of users');
    return made.records as unknown as Records<User>;
  }
}
