import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, Types } from 'mongoose';
import { API_KEYS, createKey } from './support/api-keys.js';
import { type OpenApi, type Operation, placesOf } from './support/openapi-document.js';
import { createProjects, PROJECTS } from './support/projects.js';
import { SupabaseProject } from './support/supabase.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { connectionOf, createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { USERS } from './support/users.js';

/**
 * No query goes by a collection scan or sorts in memory. Each test's `close()` fails on the queries that its
 * application has put to the database; here every list is asked in every way in which it can be asked.
 */

const CURSOR = '<of the first page>';

/** A value of every query parameter of a list, or several. */
const VALUES: Readonly<Record<string, (user: TestClient) => readonly string[]>> = {
  name: () => ['ROJECT', 'nothing'],
  owner: ({ userId }) => ['all', userId],
  email: () => ['nobody@example.com'],
  total: () => ['true'],
  limit: () => ['2'],
  offset: () => ['1'],
  page: () => ['2'],
  cursor: () => [CURSOR],
};
/** Ways to say where a page starts, of which one at most is asked for. */
const STARTS: ReadonlySet<string> = new Set(['offset', 'page', 'cursor']);

type Query = Readonly<Record<string, string>>;

function parametersOf({ parameters = [] }: Operation): string[] {
  return parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
}

/** Every way to ask a list: each parameter is left out, or has one of its values. */
function queriesOf(operation: Operation, user: TestClient): Query[] {
  let queries: Query[] = [{}];
  for (const name of parametersOf(operation)) {
    const values = VALUES[name]?.(user);
    if (!values) throw new Error(`No value is known for the parameter ${name}`);
    queries = queries.flatMap((query) => [query, ...values.map((value) => ({ ...query, [name]: value }))]);
  }
  return queries.filter((query) => Object.keys(query).filter((name) => STARTS.has(name)).length <= 1);
}

describe('the index contract', () => {
  let test: TestApp;
  let supabase: SupabaseProject;
  let ada: TestClient;
  let admin: TestClient;
  let lists: { path: string; operation: Operation }[];

  beforeAll(async () => {
    supabase = await SupabaseProject.start();
    test = await createTestApp(supabase.env);
    ada = await test.anonymous.signIn();
    admin = await test.anonymous.signIn('admin');
    for (const user of [ada, admin]) {
      await createProjects(user, ...Array.from({ length: 5 }, (_, n) => `Project ${n}`));
      for (let n = 0; n < 5; n++) {
        await createKey(user);
        await user.post(IDENTITIES, { accessToken: await supabase.token(supabase.person()) });
      }
    }
    const document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    lists = placesOf(document).filter(
      ({ method, operation }) => method === 'GET' && parametersOf(operation).length > 0,
    );
  });
  afterAll(async () => {
    // It is this that fails.
    await test.close();
    await supabase.close();
  });

  async function ask(user: TestClient, path: string, { cursor, ...query }: Query): Promise<void> {
    const url = (more: Query) => `${path}?${new URLSearchParams({ ...query, ...more }).toString()}`;
    const first = cursor === undefined ? undefined : await user.get(url({ limit: '1' }));
    const next = first?.body.pagination.nextCursor as string | null | undefined;
    const { status, text } = await user.get(url(next ? { cursor: next } : {}));
    if (status !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${text}`);
  }

  it('holds for every list with every combination of its parameters', async () => {
    expect(lists.map(({ path }) => path).toSorted()).toEqual(
      [API_KEYS, IDENTITIES, PROJECTS, USERS].toSorted(),
    );
    const asked: string[] = [];
    for (const { path, operation } of lists) {
      for (const query of queriesOf(operation, ada)) {
        await ask(admin, path, query);
        if (path !== USERS && query['owner'] === undefined) await ask(ada, path, query);
        asked.push(path, ...Object.keys(query).map((name) => `${path} ${name}`));
      }
    }
    const all = lists.flatMap(({ path, operation }) =>
      parametersOf(operation).map((name) => `${path} ${name}`),
    );
    expect(new Set(asked)).toEqual(new Set([...all, ...lists.map(({ path }) => path)]));
  });
});

describe('a query that no index serves', () => {
  const owner = new Types.ObjectId();

  it.each<[string, RegExp, (connection: Connection) => Promise<unknown>]>([
    [
      'a find',
      /projects by COLLSCAN, .*"find":"projects","filter":\{"version":7\}/,
      (connection) => connection.collection('projects').findOne({ version: 7 }),
    ],
    [
      'a sort',
      /projects by IXSCAN .* and a sort in memory/,
      (connection) =>
        connection.collection('projects').find({ ownerId: owner }).sort({ version: 1 }).toArray(),
    ],
    [
      'a count',
      /projects by COLLSCAN, .*aggregate/,
      (connection) => connection.collection('projects').countDocuments({ version: 7 }),
    ],
    [
      'an update',
      /projects by COLLSCAN/,
      (connection) => connection.collection('projects').updateMany({ version: 7 }, { $set: { version: 8 } }),
    ],
    [
      'a deletion',
      /projects by COLLSCAN/,
      (connection) => connection.collection('projects').deleteMany({ version: 7 }),
    ],
    [
      'a change of one',
      /projects by COLLSCAN/,
      (connection) =>
        connection.collection('projects').findOneAndUpdate({ version: 7 }, { $set: { version: 8 } }),
    ],
    [
      'a look-up of users through their model',
      /users by COLLSCAN/,
      (connection) => connection.model('User').find({ name: 'Ada' }).lean(),
    ],
    [
      'a find in a transaction',
      /projects by COLLSCAN/,
      (connection) =>
        connection.transaction((session) =>
          connection.collection('projects').findOne({ version: 7 }, { session }),
        ),
    ],
  ])('(%s) fails the test that caused it, by its name and plan', async (_, message, ask) => {
    const test = await createTestApp();
    await createProjects(await test.anonymous.signIn(), 'a', 'b');
    await ask(connectionOf(test.app));
    await expect(test.close()).rejects.toThrow(message);
  });

  it('may be asked by a test', async () => {
    const test = await createTestApp();
    await createProjects(await test.anonymous.signIn(), 'a', 'b');
    expect(
      await test.connection.collection('projects').find({ version: 1 }).sort({ name: 1 }).toArray(),
    ).toHaveLength(2);
    await test.close();
  });
});
