import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getModelToken } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { Project, ProjectSchema } from '../src/modules/projects/project.schema.js';
import type { Records } from '../src/platform/database/records.js';
import { Repositories } from '../src/platform/database/repositories.js';
import { requireUniqueFields, resource } from '../src/platform/database/resource.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';
import { type Scope, scopeOf, SYSTEM, type UserId } from '../src/platform/access/caller.js';
import { addTasks, TrialTask, trialTasks, TrialTasksService } from './support/tasks.js';
import { createTestApp, type TestApp } from './support/test-app.js';

addTasks();

const ADA_ID = '66f1a0c2e4b0a1b2c3d4e5f6' as UserId;
const BOB_ID = '66f1a0c2e4b0a1b2c3d4e5f7' as UserId;
const ADA = scopeOf(ADA_ID);
const BOB = scopeOf(BOB_ID);
const ALL: Scope = { all: true, permission: 'trial-tasks:read', actor: { kind: 'user', id: BOB_ID } };

describe('records in a scope', () => {
  let test: TestApp;
  let tasks: Records<TrialTask>;

  const titles = (found: readonly TrialTask[]) => found.map(({ title }) => title);
  const sortedTitles = { sort: { title: 1 }, limit: 10 } as const;

  beforeAll(async () => {
    test = await createTestApp();
    ({ tasks } = test.app.get(TrialTasksService, { strict: false }));
  });
  beforeEach(async () => {
    await test.connection.collection('trial_tasks').deleteMany({});
    for (const title of ['b', 'c', 'a']) await tasks.create(ADA, { title, tags: ['open'] });
    await tasks.create(BOB, { title: 'd', tags: [] });
  });
  afterAll(() => test.close());

  it('are found in any order, by any condition, and never another’s', async () => {
    expect(titles(await tasks.find(ADA, sortedTitles))).toEqual(['a', 'b', 'c']);
    expect(titles(await tasks.find(ADA, { ...sortedTitles, filter: { title: { $gt: 'a' } } }))).toEqual([
      'b',
      'c',
    ]);
    expect(titles(await tasks.find(ALL, { limit: 10 }))).toEqual(['d', 'a', 'c', 'b']);
  });

  it.each<[string, Record<string, unknown>]>([
    ['its owner', { ownerId: new Types.ObjectId(BOB_ID) }],
    ['any owner', { ownerId: { $exists: true } }],
  ])('stay the scope’s own where a condition names %s', async (_, filter) => {
    const found = await tasks.find(ADA, { ...sortedTitles, filter });
    expect(found.every(({ ownerId }) => ownerId.toHexString() === ADA_ID)).toBe(true);
    expect((await tasks.page(ADA, { limit: 10 }, filter)).items).toHaveLength(found.length);
    expect(await tasks.updateWhere(ADA, filter, { tags: ['taken'] })).toBe(found.length);
    expect((await tasks.find(BOB, sortedTitles))[0]?.tags).toEqual([]);
  });

  it('that are read at the same time go to whom they belong, and to nobody else', async () => {
    const all = await tasks.find(ALL, { limit: 10 });
    const asked = [ADA, BOB, ALL].flatMap((scope) =>
      [...all, ...all].map(async ({ _id, ownerId }) => {
        const task = await tasks.get(scope, _id.toHexString()).catch((error: { code: string }) => error.code);
        const isSeen = scope.all === true || ownerId.toHexString() === scope.owner.id;
        return { isSeen, outcome: typeof task === 'string' ? task : String(task._id), id: String(_id) };
      }),
    );
    for (const { isSeen, outcome, id } of await Promise.all(asked)) {
      expect(outcome).toBe(isSeen ? id : 'TASK_NOT_FOUND');
    }
  });

  it('are changed all at once, each to its next version', async () => {
    expect(await tasks.updateWhere(ADA, { title: { $ne: 'a' } }, { tags: ['done'] })).toBe(2);
    const found = await tasks.find(ALL, { limit: 10 });
    expect(found.map(({ title, tags, version }) => [title, tags.join(), version])).toEqual([
      ['d', '', 1],
      ['a', 'open', 1],
      ['c', 'done', 2],
      ['b', 'done', 2],
    ]);
  });

  it('are put together by a pipeline that sees no others', async () => {
    const count = [{ $group: { _id: null, count: { $sum: 1 } } }];
    expect(await tasks.aggregate(ADA, count)).toEqual([{ _id: null, count: 3 }]);
    expect(await tasks.aggregate(ALL, count)).toEqual([{ _id: null, count: 4 }]);
    for (const beyond of [
      { $lookup: { from: 'users', localField: 'ownerId', foreignField: '_id', as: 'owner' } },
      { $unionWith: { coll: 'users' } },
      { $out: 'copy' },
      { $facet: { all: [{ $unionWith: { coll: 'users' } }] } },
    ]) {
      await expect(tasks.aggregate(ADA, [beyond as never])).rejects.toThrow(/reaches beyond the scope/);
    }
  });

  it('are what a transaction has made of them, for every method that takes it', async () => {
    const work = test.app.get(Transactions, { strict: false }).run(async (transaction) => {
      const { _id } = await tasks.create(ADA, { title: 'e', tags: [] }, transaction);
      await tasks.updateWhere(ADA, { title: 'e' }, { tags: ['new'] }, transaction);
      expect(await tasks.get(ADA, String(_id), transaction)).toMatchObject({ tags: ['new'], version: 2 });
      expect(titles(await tasks.find(ADA, { ...sortedTitles, transaction }))).toEqual(['a', 'b', 'c', 'e']);
      expect(await tasks.aggregate(ADA, [{ $count: 'all' }], transaction)).toEqual([{ all: 4 }]);
      const { pagination } = await tasks.page(ADA, { limit: 10, total: true }, {}, transaction);
      expect(pagination.total).toBe(4);
      const removed = await tasks.remove(ADA, String(_id), NO_PRECONDITION, transaction);
      expect(removed).toMatchObject({ title: 'e', tags: ['new'] });
      throw new Error('undone');
    });
    await expect(work).rejects.toThrow('undone');
    expect(titles(await tasks.find(ADA, sortedTitles))).toEqual(['a', 'b', 'c']);
  });

  it('are all the product’s own to read, which owns none and opens none of others', async () => {
    const before = test.logs.length;
    expect(titles(await tasks.find(SYSTEM, { limit: 10 }))).toEqual(['d', 'a', 'c', 'b']);
    expect(test.logs.slice(before).filter(({ event }) => event === 'foreign_access')).toEqual([]);
    await expect(tasks.create(SYSTEM, { title: 'e', tags: [] })).rejects.toThrow(/owns no records/);
  });

  it('of others name in the log who opened them, and by which API key', async () => {
    const apiKey = '66f1a0c2e4b0a1b2c3d4e5aa';
    await tasks.find({ ...ALL, actor: { kind: 'apiKey', id: apiKey, user: BOB_ID } }, { limit: 10 });
    const line = test.logs.findLast(({ event }) => event === 'foreign_access');
    expect(line).toMatchObject({ userId: BOB_ID, apiKey, permission: 'trial-tasks:read', count: 4 });
  });

  it('are made once, however many modules import them', () => {
    const repositories = test.app.get(Repositories);
    const model = test.app.get<Model<TrialTask>>(getModelToken(TrialTask.name), { strict: false });
    expect(repositories.of(model, trialTasks)).toBe(tasks);
    expect(repositories.all.filter(({ collection }) => collection === 'trial_tasks')).toHaveLength(1);
  });

  it('are updated by fields that they have', () => {
    // @ts-expect-error TS2353: a task has no such field
    const misspelt: Parameters<typeof tasks.update>[3] = { titel: 'x' };
    expect(misspelt).toBeDefined();
  });
});

describe('a resource', () => {
  const declare = (unique: readonly string[]) =>
    resource({
      name: 'open task',
      record: Project,
      schema: ProjectSchema,
      unique,
      permissions: ['read', 'write', 'assign'],
    });

  it('says its permissions and errors once', () => {
    const { may, notFound, taken, errors } = declare(['name']);
    expect(may).toEqual({ read: 'projects:read', write: 'projects:write', assign: 'projects:assign' });
    expect(notFound).toMatchObject({ code: 'OPEN_TASK_NOT_FOUND', message: 'Open task not found' });
    expect(taken['name']).toMatchObject({ code: 'OPEN_TASK_NAME_TAKEN', status: 409 });
    expect(errors.remove.map(({ code }) => code)).toEqual(['OPEN_TASK_NOT_FOUND', 'IN_USE']);
  });

  it.each<[string[], string]>([
    [[], "name has a unique index; write unique: ['name']"],
    [['name', 'description'], 'unique names description, which ends no unique index of the schema'],
  ])('whose unique fields are not its indexes’ is refused: %j', (unique, message) => {
    expect(() => requireUniqueFields(declare(unique))).toThrow(`resource 'open task': ${message}`);
  });
});
