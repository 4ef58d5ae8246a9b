import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { readKey } from '../src/modules/api-keys/api-key-text.js';
import { FEATURES } from './features/features.js';
import { API_KEYS, withKey } from './support/api-keys.js';
import { countCreated, CREATING_ROUTES } from './support/creating-routes.js';
import { type OpenApi, startMessage } from './support/openapi-document.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { SteppedWay } from './process/stepped-way.js';
import { SupabaseProject } from './support/supabase.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Answer, isOverloaded, TestClient, untilTaken } from './support/test-client.js';
import { faultyPaths, ME, newAddress, newCredentials, REGISTER, USERS } from './support/users.js';

const keyed = (key: string) => ({ 'idempotency-key': key });
const REPLAYED = 'idempotency-replayed';

describe('a request with an Idempotency-Key', () => {
  let test: TestApp;
  let supabase: SupabaseProject;
  let ada: TestClient;

  beforeAll(async () => {
    supabase = await SupabaseProject.start();
    test = await createTestApp(supabase.env);
    ada = await test.anonymous.signIn();
  });
  afterAll(async () => {
    await test.close();
    await supabase.close();
  });

  /** What is sent is taken once, though it is no record. */
  const SIGNAL = '/api/v1/executions/{id}/signals/{name}';
  /** Of files, which are sent as forms, files.e2e-spec.ts tells. */
  const FORM = '/api/v1/files';
  const kept = () => test.connection.collection('idempotency_keys');

  it('is taken by every route that creates, by batches, and by signals to executions', async () => {
    const document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    const routes = startMessage(document).map(({ path, operation: { responses, parameters = [] } }) => ({
      path,
      creates: '201' in responses,
      takesKey: parameters.some(({ name }) => name === 'Idempotency-Key'),
    }));
    const taking = routes.filter(({ takesKey }) => takesKey).map(({ path }) => path);
    const creating = routes.filter(({ creates }) => creates).map(({ path }) => path);
    expect(creating.toSorted()).toEqual([...CREATING_ROUTES.map(({ url }) => url), FORM].toSorted());
    const batches = FEATURES.filter(({ batch }) => batch).map((feature) => `${feature.path}/batch`);
    const starting = FEATURES.flatMap(({ path, starts = {} }) =>
      Object.keys(starts).map((name) => `${path}/{id}/${name}`),
    );
    const imports = FEATURES.flatMap((feature) => (feature.import ? [`${feature.path}/import`] : []));
    expect(taking.toSorted()).toEqual([...creating, SIGNAL, ...batches, ...imports, ...starting].toSorted());
  });

  describe.each(CREATING_ROUTES.map((route) => [route.url, route] as const))('to %s', (path, route) => {
    it('is answered as it would be without, and then again, and creates nothing more', async () => {
      const caller = await route.caller(test);
      const url = (await route.address?.(caller)) ?? path;
      const body = await route.body(supabase, caller);
      const key = randomUUID();
      const first = await caller.post(url, body, keyed(key));
      const again = await caller.post(url, body, keyed(key));
      expect([first.status, first.headers[REPLAYED]]).toEqual([201, undefined]);
      expect([again.status, again.headers[REPLAYED]]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      expect(again.headers['etag']).toBe(first.headers['etag']);
      expect(await countCreated(test.connection, route, body)).toBe(1);
    });

    it('creates once of a hundred at the same time', async () => {
      const creator = await route.caller(test);
      const url = (await route.address?.(creator)) ?? path;
      const fresh = await route.body(supabase, creator);
      const key = randomUUID();
      const late: Answer[] = [];
      const isBusy = (answer: Answer) => {
        if (answer.status === 503 && !isOverloaded(answer)) late.push(answer);
        return answer.status === 503;
      };
      const send = () => untilTaken(() => creator.post(url, fresh, keyed(key)), isBusy);
      const answers = await Promise.all(Array.from({ length: 100 }, send));
      const outcomes = answers.map(outcomeOf);
      const others = outcomes.filter(
        (outcome) => !['201 replayed', '409 IDEMPOTENCY_IN_PROGRESS'].includes(outcome),
      );
      // A machine that is too busy may answer 503 in place of the one 201; what is sent again is then a replay.
      expect(others).toEqual(late.length > 0 && others.length === 0 ? [] : ['201']);
      const refused = answers.filter(({ status }) => status === 409);
      expect(new Set(refused.map(({ headers }) => headers['retry-after']))).toEqual(new Set(['1']));
      const ids = answers.filter(({ status }) => status === 201).map(({ body: { data } }) => data.id);
      expect(new Set(ids).size).toBe(1);
      expect(outcomeOf(await send())).toBe('201 replayed');
      expect(await countCreated(test.connection, route, fresh)).toBe(1);
    });
  });

  it('is refused at another address', async () => {
    const key = randomUUID();
    const body = { name: randomUUID() };
    expect((await ada.post(PROJECTS, body, keyed(key))).status).toBe(201);
    expect((await ada.post(API_KEYS, body, keyed(key))).outcome).toBe('422 IDEMPOTENCY_KEY_REUSED');
  });

  it('has nothing to do with the same key of somebody else', async () => {
    const bob = await test.anonymous.signIn();
    const key = randomUUID();
    const body = { name: randomUUID() };
    const [hers, his] = [
      await ada.post(PROJECTS, body, keyed(key)),
      await bob.post(PROJECTS, body, keyed(key)),
    ];
    expect([outcomeOf(hers), outcomeOf(his)]).toEqual(['201', '201']);
    expect(hers.body.data.ownerId).not.toBe(his.body.data.ownerId);
  });

  it('shares its key with everybody who is not signed in', async () => {
    const key = randomUUID();
    const stranger = () => test.anonymous.from(newAddress());
    const credentials = newCredentials();
    const first = await stranger().post(REGISTER, credentials, keyed(key));
    const asAda = await ada.from(newAddress()).post(REGISTER, credentials, keyed(key));
    expect([first, asAda].map(outcomeOf)).toEqual(['201', '201 replayed']);
    const other = await stranger().post(REGISTER, newCredentials(), keyed(key));
    expect(other.outcome).toBe('422 IDEMPOTENCY_KEY_REUSED');
  });

  it.each([
    ['of one character', 'a'],
    ['of 255 characters', 'k'.repeat(255)],
    ['of every visible character', String.fromCharCode(...Array.from({ length: 94 }, (_, n) => 33 + n))],
  ])('may have a key %s', async (_, key) => {
    const answer = await ada.post(PROJECTS, { name: randomUUID() }, keyed(key));
    expect(outcomeOf(answer)).toBe('201');
  });

  it.each([
    ['that is empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['with a letter beyond ASCII', 'é'],
    ['with a control character', 'a\u007f'],
  ])('is refused with a key %s', async (_, key) => {
    const name = randomUUID();
    const answer = await ada.post(PROJECTS, { name }, keyed(key));
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['idempotency-key']]);
    expect(await named(name)).toBe(0);
  });

  it('is refused for its other faults as without a key, which stays free', async () => {
    const key = randomUUID();
    expect((await test.anonymous.post(PROJECTS, { name: '' }, keyed(key))).status).toBe(401);
    expect((await ada.post(PROJECTS, { name: '' }, keyed(key))).outcome).toBe('400 VALIDATION_ERROR');
    expect((await ada.post(PROJECTS, '{', keyed(key))).outcome).toBe('400 MALFORMED_JSON');
    const { name } = await createProject(ada, { name: randomUUID() });
    expect((await ada.post(PROJECTS, { name }, keyed(key))).outcome).toBe('409 PROJECT_NAME_TAKEN');
    expect(outcomeOf(await ada.post(PROJECTS, { name: randomUUID() }, keyed(key)))).toBe('201');
  });

  it('is answered with the record as it is now', async () => {
    const key = randomUUID();
    const body = { name: randomUUID() };
    const { body: first } = await ada.post(PROJECTS, body, keyed(key));
    await ada.patch(at(first.data), { description: 'changed' });
    const again = await ada.post(PROJECTS, body, keyed(key));
    expect([again.status, again.headers['etag']]).toEqual([201, '"2"']);
    expect(again.body.data).toMatchObject({ id: first.data.id, description: 'changed' });
    await ada.delete(at(first.data));
    const gone = await ada.post(PROJECTS, body, keyed(key));
    expect([gone.outcome, gone.headers[REPLAYED]]).toEqual(['404 PROJECT_NOT_FOUND', undefined]);
  });

  it('creates again when its key is a day old, though MongoDB has not removed it yet', async () => {
    const key = randomUUID();
    const send = () => ada.post(API_KEYS, { name: 'daily' }, keyed(key));
    const first = await send();
    const before = new Date(Date.now() + 24 * 60 * 60 * 1000 - 60_000);
    expect(await kept().countDocuments({ expiresAt: { $lt: before } })).toBe(0);
    await kept().updateMany({}, { $set: { expiresAt: new Date(Date.now() - 1) } });
    const second = await send();
    expect([first, second, await send()].map(outcomeOf)).toEqual(['201', '201', '201 replayed']);
    expect(second.body.data.id).not.toBe(first.body.data.id);
    const secrets = [first, second].map(({ body }) => readKey(body.data.key)?.hash.toString('hex'));
    expect(secrets[0]).not.toBe(secrets[1]);
  });

  it('tells an API key again, which works, and keeps nothing that it could be made of', async () => {
    const key = randomUUID();
    const send = () => ada.post(API_KEYS, { name: 'mine' }, keyed(key));
    const { body } = await send();
    const again = await send();
    expect(again.body.data.key).toBe(body.data.key);
    expect((await withKey(test, again.body.data.key).get(ME)).body.data.id).toBe(ada.userId);
    const [record, claim] = [
      await test.connection.collection('api_keys').findOne({ name: 'mine' }),
      await kept().find().toArray(),
    ];
    const stored = JSON.stringify([record, claim]);
    expect(stored).not.toContain(key);
    expect(stored).not.toContain(String(body.data.key).slice(-20));
  });

  it('is answered again though it had looked for its key before there was one', async () => {
    const way = await SteppedWay.open(test.config.of(DatabaseConfig).mongodbUri ?? '');
    const { jwtSecret } = test.config.of(CryptoConfig);
    const slow = await createTestApp({ MONGODB_URI: way.uri, JWT_SECRET: jwtSecret });
    const [key, body] = [randomUUID(), { name: randomUUID() }];
    try {
      const late = new TestClient(slow.app, ada.headers, ada.userId);
      await late.get(ME);
      const held = way.watch({ step: 'update', when: 'before' });
      const second = late.post(PROJECTS, body, keyed(key));
      await held;
      const first = await ada.post(PROJECTS, body, keyed(key));
      way.release();
      expect([outcomeOf(first), outcomeOf(await second)]).toEqual(['201', '201 replayed']);
    } finally {
      await slow.app.close();
      way.close();
    }
  });

  it('mails once, and counts a registration once', async () => {
    const key = randomUUID();
    const stranger = test.anonymous.from(newAddress());
    const credentials = newCredentials();
    const answers: Answer[] = [];
    for (let n = 0; n < 30; n++) answers.push(await stranger.post(REGISTER, credentials, keyed(key)));
    expect(answers.map(outcomeOf)).toEqual(['201', ...Array.from({ length: 29 }, () => '201 replayed')]);
    const id = answers[0]?.body.data.id as string;
    const events = test.logs.filter(({ event, userId }) => event === 'user_registered' && userId === id);
    expect(events).toHaveLength(1);
  });

  it('leaves no key behind when its user is deleted', async () => {
    const admin = await test.anonymous.signIn('admin');
    const carol = await test.anonymous.signIn();
    await carol.post(PROJECTS, { name: 'one' }, keyed(randomUUID()));
    const ofCarol = async () =>
      (await kept().find().toArray()).filter(({ ownerId }) => String(ownerId) === carol.userId);
    expect(await ofCarol()).toHaveLength(1);
    await admin.delete(`${USERS}/${carol.userId}`);
    expect(await ofCarol()).toEqual([]);
  });

  async function named(name: string): Promise<number> {
    return (await ada.get(`${PROJECTS}?name=${name}&total=true`)).body.pagination.total as number;
  }
});

function outcomeOf({ outcome, headers }: Answer): string {
  return headers[REPLAYED] === 'true' ? `${outcome} replayed` : outcome;
}
