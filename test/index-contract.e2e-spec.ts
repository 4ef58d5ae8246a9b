import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, Types } from 'mongoose';
import { FEATURES } from './features/features.js';
import { API_KEYS, createKey } from './support/api-keys.js';
import type { Feature } from './support/feature.js';
import { createRecord, fieldsOf, full, type RecordJson } from './support/feature-bodies.js';
import {
  CURSOR,
  declaredQueries,
  filtersOf,
  findsSeveral,
  type Parameter,
  queriesOf,
  type Query,
} from './support/list-queries.js';
import { type OpenApi, type Operation, startMessage } from './support/openapi-document.js';
import { accept, INVITATIONS, invite, newOrganization, ORGANIZATIONS } from './support/organizations.js';
import { createProjects } from './support/projects.js';
import { SupabaseProject } from './support/supabase.js';
import { LOCALHOST, PasskeyDevice, PASSKEYS } from './support/passkeys.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { connectionOf, createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { newCredentials, USERS } from './support/users.js';

/**
 * No query goes by a collection scan or sorts in memory. Each test's `close()` fails on the queries that its
 * application has put to the database; here every list is asked in every way in which it can be asked.
 */

const AUDIT = '/api/v1/audit';
const WEBHOOKS = '/api/v1/webhooks';
const DELIVERIES = `${WEBHOOKS}/{id}/deliveries`;

/** The filters of lists that are no feature's, by path; `owner` is a parameter of lists of what users own. */
const FILTERS: Readonly<Record<string, readonly Parameter[]>> = {
  '/api/v1/files': [],
  [API_KEYS]: [],
  [IDENTITIES]: [],
  [INVITATIONS]: [],
  [ORGANIZATIONS]: [],
  [`${ORGANIZATIONS}/{id}/invitations`]: [],
  [`${ORGANIZATIONS}/{id}/members`]: [],
  [PASSKEYS]: [],
  [USERS]: [['email', ['nobody@example.com']]],
  [WEBHOOKS]: [],
  [DELIVERIES]: [['status', ['failed']]],
  [AUDIT]: [
    ['actor', ['66f1a0c2e4b0a1b2c3d4e5f7']],
    ['from', ['2026-01-01T00:00:00Z']],
    ['to', ['2100-01-01T00:00:00Z']],
  ],
  '/api/v1/executions': [
    ['type', ['outbox.send']],
    ['status', ['succeeded']],
    ['record', ['projects/66f1a0c2e4b0a1b2c3d4e5f7']],
  ],
};

function parametersOf({ parameters = [] }: Operation): string[] {
  return parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
}

describe('the index contract', () => {
  let test: TestApp;
  let supabase: SupabaseProject;
  let ada: TestClient;
  let admin: TestClient;
  let organization: string;
  let lists: { path: string; operation: Operation }[];
  let filters: Record<string, readonly Parameter[]>;
  /** A webhook of each user. */
  const hooks = new Map<TestClient, string>();
  let declared: Record<string, readonly Query[]>;

  beforeAll(async () => {
    supabase = await SupabaseProject.start();
    test = await createTestApp(supabase.env);
    ada = await test.anonymous.signIn();
    admin = await test.anonymous.signIn('admin');
    filters = { ...FILTERS };
    filters[AUDIT] = [['record', [`users/${ada.userId}`]], ...(FILTERS[AUDIT] ?? [])];
    for (const user of [ada, admin]) {
      const hook = { url: 'https://93.184.215.14/', events: ['users.signed-in'] };
      hooks.set(user, (await user.post(WEBHOOKS, hook)).body.data.id as string);
      for (let n = 0; n < 5; n++) {
        await createKey(user);
        await user.post(PASSKEYS, { credential: await new PasskeyDevice().made(user, LOCALHOST) });
        await user.post(IDENTITIES, { accessToken: await supabase.token(supabase.person()) });
      }
    }
    organization = await newOrganization(admin);
    await accept(ada, await invite(test, admin, organization, ada, 'admin'));
    for (const invited of [newCredentials(), newCredentials()]) {
      const body = { email: invited.email, role: 'viewer' };
      await admin.post(`${ORGANIZATIONS}/${organization}/invitations`, body);
    }
    declared = {};
    for (const feature of FEATURES) {
      const records = await recordsOf(feature);
      filters[feature.path] = filtersOf(feature, records);
      declared[feature.path] = declaredQueries(feature, records);
    }
    const document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    lists = startMessage(document).filter(
      ({ method, operation }) => method === 'GET' && parametersOf(operation).includes('limit'),
    );
  });
  afterAll(async () => {
    // It is this that fails.
    await test.close();
    await supabase.close();
  });

  /** Makes five records for each user, which are found by one value of each filter; answers the first ones. */
  async function recordsOf(feature: Feature): Promise<RecordJson[]> {
    const shared = fieldsOf(feature).filter(([, field]) => findsSeveral(field));
    const firsts = [];
    for (const makers of [ada, admin].map((caller) => ({ caller, admin }))) {
      const first = await createRecord(feature, makers, await full(feature, makers));
      const same = Object.fromEntries(shared.map(([name]) => [name, first[name]]));
      for (let n = 1; n < 5; n++) {
        await createRecord(feature, makers, { ...(await full(feature, makers)), ...same });
      }
      firsts.push(first);
    }
    return firsts;
  }

  /** Asks, and answers whether it was for what is behind a cursor. */
  async function ask(user: TestClient, path: string, { cursor, ...query }: Query): Promise<boolean> {
    const at = path.replace('{id}', path === DELIVERIES ? (hooks.get(user) ?? '') : organization);
    const url = (more: Query) => `${at}?${new URLSearchParams({ ...query, ...more }).toString()}`;
    const first = cursor === CURSOR ? await user.get(url({ limit: '1' })) : undefined;
    const next = first?.body.pagination.nextCursor as string | null | undefined;
    const { status, text } = await user.get(url(next ? { cursor: next } : {}));
    if (status !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${text}`);
    return Boolean(next);
  }

  it('holds for every list, in the ways in which its parameters are put together', async () => {
    expect(lists.map(({ path }) => path).toSorted()).toEqual(Object.keys(filters).toSorted());
    const behindCursors = new Set<string>();
    for (const { path, operation } of lists) {
      const taken = parametersOf(operation);
      const owners = taken.includes('owner') ? ['all', ada.userId] : [];
      const queries = [...queriesOf(filters[path] ?? [], owners, taken), ...(declared[path] ?? [])];
      for (const query of queries) {
        const isBehind = await ask(admin, path, query);
        if (path !== USERS && query['owner'] === undefined) await ask(ada, path, query);
        if (isBehind) for (const name of Object.keys(query)) behindCursors.add(`${path} ${name}`);
      }
      expect([path, [...new Set(queries.flatMap(Object.keys))].toSorted()]).toEqual([path, taken.toSorted()]);
    }
    const several = FEATURES.flatMap((feature) =>
      fieldsOf(feature).flatMap(([name, field]) => (findsSeveral(field) ? [`${feature.path} ${name}`] : [])),
    );
    expect([...behindCursors]).toEqual(expect.arrayContaining(several));
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
