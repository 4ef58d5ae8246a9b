import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import mongoose from 'mongoose';
import { type CreatingRoute, KINDS_OF_CREATING } from '../support/creating-routes.js';
import { report, sampled, soaked } from '../support/soak.js';
import { SupabaseProject } from '../support/supabase.js';
import { newAddress, USERS } from '../support/users.js';
import { type HttpAnswer, HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation } from './server-process.js';
import { type Stop, SteppedWay } from './stepped-way.js';

const ADMIN = { email: 'admin@product.test', password: 'a long way to go home' };
/** So long a client goes on trying: the transaction of the process that was killed has to be given up. */
const PATIENCE_MS = 8_000;

// A soak starts and kills some sixty processes; more where features create in other ways.
jest.setTimeout(600_000);

/** A key, and an address that has not registered anybody. */
function newHeaders(): Record<string, string> {
  return { 'idempotency-key': randomUUID(), 'x-forwarded-for': newAddress() };
}

/** What a deleted user leaves behind. */
const PROJECTS = soaked(100_000);

/** The status that a client gets in the end, and the records there are then, by the step of the kill. */
type Outcomes = Record<string, readonly [status: number, records: number]>;

describe('a process that is killed while it creates', () => {
  let installation: Installation;
  let supabase: SupabaseProject;
  let mongod: OwnMongod;
  let database: mongoose.Connection;
  let env: Record<string, string>;
  /** Somebody at a process that stays, who has given a password lately: some routes ask for that. */
  let admin: HttpCaller;
  let signedInAt = 0;

  beforeAll(async () => {
    installation = await Installation.create();
    supabase = await SupabaseProject.start();
    mongod = await startOwnMongod();
    database = await mongoose.createConnection(mongod.uri).asPromise();
    // MongoDB's own patience, which others than the embedded one have: the product has to be faster.
    await database.db?.admin().command({ setParameter: 1, transactionLifetimeLimitSeconds: 60 });
    env = {
      ...supabase.env,
      MONGODB_URI: mongod.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      DATA_DIR: installation.folder,
      TRUST_PROXY: '1',
    };
    const { url } = await installation.start(env);
    await signIn(url);
  });
  afterAll(async () => {
    await installation.remove();
    await database.close();
    await mongod.remove();
    await supabase.close();
  });

  async function signIn(url: string): Promise<void> {
    if (Date.now() - signedInAt < 60_000) return;
    signedInAt = Date.now();
    admin = await new HttpCaller(url).signIn(ADMIN.email, ADMIN.password);
  }

  /** A process whose commands are counted. Those of executions would be among them: another process runs those. */
  const startBehind = (way: SteppedWay) =>
    installation.start({ ...env, MONGODB_URI: way.uri, EXECUTIONS: 'off' });

  /** Kills a process at one step of a request, sends it again to another one, and answers what that says. */
  async function killAt(
    way: SteppedWay,
    url: string,
    body: object,
    stop: Stop,
  ): Promise<HttpAnswer & { readonly isHeld: boolean }> {
    const server = await startBehind(way);
    const headers = newHeaders();
    const held = way.watch(stop).then(() => true);
    const sent = admin.at(server.url).send('POST', url, body, headers);
    // A step may come after the answer: a mail is one.
    const isHeld = await Promise.race([held, sent.then(() => false)]);
    server.kill('SIGKILL');
    await Promise.all([server.ended, sent.catch(() => undefined)]);
    const giveUp = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await admin.send('POST', url, body, headers);
      if (answer.body.code !== 'IDEMPOTENCY_IN_PROGRESS' || Date.now() > giveUp) {
        return { ...answer, isHeld };
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The commands that a request sends to the database, in their order. */
  async function stepsOf(way: SteppedWay, url: string, body: object): Promise<string[]> {
    const server = await startBehind(way);
    void way.watch();
    const headers = newHeaders();
    const { status } = await admin.at(server.url).send('POST', url, body, headers);
    const { steps } = way;
    server.kill('SIGKILL');
    await server.ended;
    expect(status).toBe(201);
    return [...steps];
  }

  /** What came of killing it at the commit and at other steps: the status of the second request, and the records then. */
  async function killEverywhere({ url, body: bodyOf, ...route }: CreatingRoute): Promise<Outcomes> {
    const way = await SteppedWay.open(mongod.uri);
    const records = database.collection(route.collection);
    let steps: string[] = [];
    for (let times = 0; times < soaked(3, 2); times++) {
      const whole = await bodyOf(supabase, admin);
      const taken = await stepsOf(way, url, whole);
      await records.deleteMany(route.created(whole));
      // The shortest: what another route is doing may make a transaction begin anew.
      if (steps.length === 0 || taken.length < steps.length) steps = taken;
    }
    const committing = steps.indexOf('commitTransaction');
    const stops = steps.flatMap((command, step) =>
      (['before', 'after'] as const).map((when) => ({ step, command, when })),
    );
    const others = sampled(stops.filter(({ step }) => step !== committing));
    const chosen = stops.filter((stop) => stop.step === committing || others.includes(stop));
    const outcomes: Outcomes = {};
    for (const { step, command, when } of chosen) {
      await signIn(admin.url);
      let body = await bodyOf(supabase, admin);
      let { status, isHeld } = await killAt(way, url, body, { step, when });
      // What another route is doing may have cost the first request a step more than this one.
      for (let tries = step <= committing ? 2 : 0; tries > 0 && !isHeld; tries--) {
        await records.deleteMany(route.created(body));
        body = await bodyOf(supabase, admin);
        ({ status, isHeld } = await killAt(way, url, body, { step, when }));
      }
      if (!isHeld && step <= committing) throw new Error(`${url} did not come to ${command}`);
      outcomes[`${when} ${step} ${command}`] = [status, await records.countDocuments(route.created(body))];
      // Some may be created only a few times.
      await records.deleteMany(route.created(body));
    }
    way.close();
    return outcomes;
  }

  it('has created one record once the request is sent again, whichever step it was at', async () => {
    const outcomes = await Promise.all(sampled(KINDS_OF_CREATING, 2).map((route) => killEverywhere(route)));
    for (const each of outcomes) {
      const steps = Object.keys(each);
      expect(steps).toEqual(expect.arrayContaining([expect.stringMatching(/^after \d+ commitTransaction$/)]));
      expect(each).toEqual(Object.fromEntries(steps.map((step) => [step, [201, 1]])));
      report(`${steps.length} kills of a process while it creates, each created once`);
    }
  });

  /** The first status that is no refusal, or the last refusal when the patience of a client is at its end. */
  async function patiently(send: () => Promise<HttpAnswer>): Promise<number> {
    for (const giveUp = Date.now() + PATIENCE_MS; ;) {
      const { status } = await send();
      if (status < 500 || Date.now() > giveUp) return status;
    }
  }

  it('keeps nobody from changing users, whom it was killed deleting', async () => {
    const way = await SteppedWay.open(mongod.uri);
    const create = async (email: string): Promise<string> =>
      (await admin.post(USERS, { email, name: 'Somebody' })).body.data.id;
    const [id, another] = [await create('gone@product.test'), await create('stays@product.test')];
    const server = await startBehind(way);
    const held = way.watch({ step: 'commitTransaction', when: 'before' });
    const sent = admin
      .at(server.url)
      .send('DELETE', `${USERS}/${id}`)
      .catch(() => undefined);
    await held;
    server.kill('SIGKILL');
    await Promise.all([server.ended, sent]);
    way.close();
    const disable = () => admin.send('PATCH', `${USERS}/${another}`, { disabled: true });
    expect(await patiently(disable)).toBe(200);
    expect(await patiently(() => admin.send('DELETE', `${USERS}/${id}`))).toBe(200);
  });

  interface Owner {
    readonly id: string;
    projects(): Promise<number>;
  }

  async function gone({ projects }: Owner): Promise<void> {
    for (const giveUp = Date.now() + 60_000; (await projects()) > 0;) {
      if (Date.now() > giveUp) throw new Error('Records of a deleted user are left');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Somebody with many projects. */
  async function userWithProjects(email: string): Promise<Owner> {
    const { id } = (await admin.post(USERS, { email, name: 'Busy' })).body.data as { id: string };
    const ownerId = new mongoose.Types.ObjectId(id);
    const projects = database.collection('projects');
    const owned = Array.from({ length: PROJECTS }, (_, n) => ({ ownerId, name: `Project ${n}`, version: 1 }));
    await projects.insertMany(owned, { ordered: false });
    return { id, projects: () => projects.countDocuments({ ownerId }) };
  }

  it(`removes ${PROJECTS} records of a deleted user, whatever becomes of the process`, async () => {
    const [one, other] = [
      await userWithProjects('one@product.test'),
      await userWithProjects('other@product.test'),
    ];
    expect((await admin.send('DELETE', `${USERS}/${one.id}`)).status).toBe(200);
    await gone(one);

    const way = await SteppedWay.open(mongod.uri);
    const server = await startBehind(way);
    const held = way.watch({ step: 'commitTransaction', when: 'after' });
    const sent = admin
      .at(server.url)
      .send('DELETE', `${USERS}/${other.id}`)
      .catch(() => undefined);
    await held;
    server.kill('SIGKILL');
    await Promise.all([server.ended, sent]);
    way.close();
    expect(await other.projects()).toBe(PROJECTS);
    await installation.start(env);
    await gone(other);
    report(
      `2 × ${PROJECTS} records of deleted users removed, once by the process after the one that was killed`,
    );
  });
});
