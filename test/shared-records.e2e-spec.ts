import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose, { Schema } from 'mongoose';
import { RECORD_OPTIONS, StoredRecord } from '../src/platform/database/record.js';
import type { Records } from '../src/platform/database/records.js';
import { Repositories } from '../src/platform/database/repositories.js';
import { resource } from '../src/platform/database/resource.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';
import type { PageQuery } from '../src/platform/validation/page-query.js';
import { type Scope, scopeOf, type UserId } from '../src/platform/access/caller.js';
import { queriesDuring } from './support/query-watch.js';
import { addTasks, type TrialLabel, TrialTasksService } from './support/tasks.js';
import { connectionOf, createTestApp, type TestApp } from './support/test-app.js';

addTasks();

const ADA = '66f1a0c2e4b0a1b2c3d4e5f6' as UserId;
const BOB = '66f1a0c2e4b0a1b2c3d4e5f7' as UserId;
const WRITER: Scope = { all: true, permission: 'labels:write', actor: { kind: 'user', id: BOB } };
const PAGE: PageQuery = { limit: 2, total: true } as PageQuery;

describe('records that belong to nobody', () => {
  let test: TestApp;
  let labels: Records<TrialLabel>;

  beforeAll(async () => {
    test = await createTestApp();
    ({ labels } = test.app.get(TrialTasksService, { strict: false }));
  });
  afterAll(() => test.close());

  it('are created, read, changed and removed in every scope', async () => {
    const { _id } = await labels.create(scopeOf(ADA), { name: 'One' });
    const id = String(_id);
    const stored = await test.connection.collection('trial_labels').findOne({ _id });
    expect(Object.keys(stored ?? {}).toSorted()).toEqual([
      '_id',
      'createdAt',
      'name',
      'updatedAt',
      'version',
    ]);
    for (const scope of [scopeOf(ADA), scopeOf(BOB), WRITER]) {
      expect(await labels.get(scope, id)).toMatchObject({ name: 'One' });
      await labels.update(scope, id, NO_PRECONDITION, { name: 'One' });
    }
    await labels.remove(scopeOf(BOB), id, NO_PRECONDITION);
    await expect(labels.get(scopeOf(ADA), id)).rejects.toMatchObject({ code: 'LABEL_NOT_FOUND' });
  });

  it('are one list for all, counted by an index, whose cursors are each caller’s own', async () => {
    for (const name of ['A', 'B', 'C']) await labels.create(WRITER, { name });
    const read: string[][] = [];
    const asked = await queriesDuring(test.connection, 'trial_labels', async () => {
      for (const scope of [scopeOf(ADA), scopeOf(BOB), WRITER]) {
        const { items, pagination } = await labels.page(scope, PAGE);
        expect(pagination).toMatchObject({ total: 3, hasMore: true });
        const cursor = pagination.nextCursor ?? '';
        const next = await labels.page(scope, { ...PAGE, cursor });
        read.push([...items, ...next.items].map(({ name }) => name));
      }
    });
    expect(read).toEqual(Array.from({ length: 3 }, () => ['C', 'B', 'A']));
    expect(asked.length).toBeGreaterThan(0);
    // mongod 8.0 calls some of them EXPRESS_IXSCAN.
    for (const { planSummary } of asked) expect(planSummary).toMatch(/^(?:(?:EXPRESS_)?IXSCAN|COUNT_SCAN) /);
    const { pagination } = await labels.page(scopeOf(ADA), PAGE);
    const stolen = labels.page(scopeOf(BOB), { ...PAGE, cursor: pagination.nextCursor ?? '' });
    await expect(stolen).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
  });

  it('have each unique value once among all', async () => {
    await labels.create(scopeOf(ADA), { name: 'Unique' });
    await expect(labels.create(scopeOf(BOB), { name: 'Unique' })).rejects.toMatchObject({
      code: 'LABEL_NAME_TAKEN',
      message: 'There is already a label with this name',
    });
  });

  it('are nobody’s to open: the log tells of no access to those of others', async () => {
    const { _id } = await labels.create(WRITER, { name: 'Open' });
    await labels.get(WRITER, String(_id));
    await labels.page(WRITER, PAGE);
    expect(test.logs.filter(({ event }) => event === 'foreign_access')).toEqual([]);
    expect(test.logs.filter(({ event }) => event === 'record_created')).not.toEqual([]);
  });

  it('stay when a user is deleted', async () => {
    const { _id } = await labels.create(scopeOf(ADA), { name: 'Staying' });
    const admin = await test.anonymous.signIn('admin');
    const leaver = await test.anonymous.signIn();
    expect((await admin.delete(`/api/v1/users/${leaver.userId}`)).status).toBe(200);
    expect(await labels.get(scopeOf(BOB), String(_id))).toMatchObject({ name: 'Staying' });
  });

  it('have a schema without an owner, and others have one with it', () => {
    const modelOf = (name: string, schema: Schema) =>
      connectionOf(test.app).model<StoredRecord>(name, schema);
    const { ObjectId } = mongoose.Schema.Types;
    const owned = modelOf('Owned', new Schema({ ownerId: { type: ObjectId } }, { ...RECORD_OPTIONS }));
    const free = modelOf('Free', new Schema({ name: { type: String } }, { ...RECORD_OPTIONS }));
    const repositories = test.app.get(Repositories);
    const thing = (options: { schema: Schema; shared?: true }) =>
      resource({ name: 'thing', record: StoredRecord, permissions: [], ...options });
    expect(() => repositories.of(owned, thing({ schema: owned.schema, shared: true }))).toThrow(
      'The schema of a thing has an ownerId, though it is shared',
    );
    expect(() => repositories.of(free, thing({ schema: free.schema }))).toThrow(
      'The schema of a thing lacks ownerId, though it is not shared',
    );
    expect(repositories.of(free, thing({ schema: free.schema, shared: true }))).toBeDefined();
  });
});
