import { Injectable } from '@nestjs/common';
import { type mongo, Types } from 'mongoose';
import { type Scope, userOf } from '../access/caller.js';
import { Cursors } from '../database/cursor.js';
import type { Page } from '../validation/page-query.js';
import { ExecutionDto } from './execution.dto.js';
import type { ListExecutionsQuery } from './execution-requests.dto.js';
import type { StoredExecution } from './model/execution.js';
import { ExecutionStore } from './store/execution-store.js';

/** The fields that responses show: not the results of steps, which may be large. */
const WITHOUT_RESULTS = {
  $arrayToObject: {
    $map: {
      input: { $objectToArray: '$steps' },
      in: { k: '$$this.k', v: { $unsetField: { field: 'result', input: '$$this.v' } } },
    },
  },
};
const SHOWN = ['type', 'status', 'input', 'result', 'error', 'progress', 'ownerId', 'createdAt'] as const;
const TIMES = ['startedAt', 'finishedAt', 'dueAt'] as const;
const PROJECTION = {
  ...Object.fromEntries([...SHOWN, ...TIMES].map((field) => [field, 1])),
  steps: WITHOUT_RESULTS,
};
const NEWEST_FIRST = { createdAt: -1, _id: -1 } as const;
/** A filter that matches few may scan many. */
const MAX_MS = 2_000;

/** Lists executions, newest first. */
@Injectable()
export class ExecutionList {
  constructor(
    private readonly store: ExecutionStore,
    private readonly cursors: Cursors,
  ) {}

  async page(scope: Scope, query: ListExecutionsQuery): Promise<Page<ExecutionDto>> {
    const { limit, cursor, type, status, record, owner } = query;
    const filter: mongo.Filter<StoredExecution> = {
      ...(scope.all
        ? owner !== undefined && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }
        : { ownerId: new Types.ObjectId(scope.owner.id) }),
      ...(type !== undefined && { type }),
      ...(status !== undefined && { status }),
      ...(record !== undefined && { record }),
    };
    const binding = JSON.stringify([userOf(scope) ?? 'system', 'executions', filter]);
    const offset = cursor === undefined ? (query.offset ?? ((query.page ?? 1) - 1) * limit) : null;
    const from = cursor === undefined ? filter : { ...filter, ...this.behind(cursor, binding) };
    const options = { sort: NEWEST_FIRST, skip: offset ?? 0, limit: limit + 1, maxTimeMS: MAX_MS };
    const [items, total] = await Promise.all([
      this.store.ofRequests.find(from, options).project<StoredExecution>(PROJECTION).toArray(),
      query.total
        ? this.store.ofRequests.countDocuments({ createdAt: { $exists: true }, ...filter })
        : undefined,
    ]);
    const hasMore = items.length > limit;
    if (hasMore) items.pop();
    const last = items.at(-1);
    return {
      items: items.map(ExecutionDto.from),
      pagination: {
        limit,
        offset,
        hasMore,
        nextCursor:
          hasMore && last ? this.cursors.encode({ key: last.createdAt, _id: last._id }, binding) : null,
        ...(total !== undefined && { total }),
      },
    };
  }

  private behind(cursor: string, binding: string): mongo.Filter<StoredExecution> {
    const { key, _id } = this.cursors.decode(cursor, binding);
    const createdAt = key as Date;
    return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: _id } }] };
  }
}
