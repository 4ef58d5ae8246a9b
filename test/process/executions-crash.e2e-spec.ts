import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Document, ObjectId } from 'mongodb';
import { freeze } from '../../src/embedded-mongo/fixtures/processes.js';
import { MailServer } from '../support/mail-server.js';
import { eventually, readMail } from '../support/mails.js';
import { IS_SOAK, report, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { Cluster, HELD_KINDS, type Kind, KINDS, Ledger, PATIENCE_MS } from './executions-cluster.js';

// In a soak processes are killed for five minutes, and the database fifty times.
jest.setTimeout(1_500_000);

const KILLING_MS = IS_SOAK ? soaked(300) * 1_000 : 0;
const LEAST_KILLS = 2;
const BETWEEN_MS = IS_SOAK ? 5_000 : 300;
const DATABASE_KILLS = soaked(50);
const HOUR_MS = 3_600_000;
/** Of an import that goes on while three processes are killed. */
const ROWS = IS_SOAK ? soaked(50_000) : 1_500;
const CLIENTS = IS_SOAK ? 50 : 4;
/** What the laboratory’s executions are. */
const LAB = { type: { $in: ['lab.tell', 'lab.secret'] } };

describe(`three processes under ${CLIENTS} clients that start executions of all kinds`, () => {
  const ledger = new Ledger();
  const kinds = new Map<string, Kind>();
  /** How often somebody has said that a step is to run again. */
  const said = new Map<string, number>();
  let mails: MailServer;
  /** The Message-ID of each mail that was taken, and where the next ones are held. */
  const taken: string[] = [];
  let holdMailAt: 'begin' | 'end' | undefined;
  let mailHeld: () => void = () => undefined;
  let cluster: Cluster;

  beforeAll(async () => {
    await ledger.open();
    const hold = (at: typeof holdMailAt, done: () => void): void => {
      if (holdMailAt === at) mailHeld();
      else done();
    };
    mails = await MailServer.start({
      onMailFrom: (_address, _session, done) => hold('begin', done),
      onData: (stream, _session, done) => {
        void (async () => {
          const { messageId } = await readMail(await buffer(stream));
          taken.push(messageId ?? '');
          hold('end', done);
        })();
      },
    });
    cluster = await Cluster.start({ SMTP_URL: mails.url });
  });
  afterAll(async () => {
    await cluster.remove();
    await mails.close();
    ledger.close();
  });

  const inputOf = (kind: string) => ({
    ledger: ledger.url,
    gate: join(cluster.installation.folder, 'gate'),
    kind,
    key: randomUUID(),
  });

  const sendWord = (id: string) =>
    cluster.ask(`/api/v1/executions/${id}/signals/word`, { payload: 1 }, [200, 202, 409]);

  async function startExecutions(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const kind = KINDS[cluster.drawn(KINDS.length)] ?? 'once';
      const id = await cluster.ask('/api/v1/lab', inputOf(kind), [202]);
      kinds.set(id, kind);
      await sleep(IS_SOAK ? 20 : 100);
      // Where it does not wait yet, it is told at the end.
      if (kind === 'wait') await sendWord(id);
    }
  }

  /** Does what a person does who can look outside: says what became of a step that nobody knows of. */
  async function resolveUnknown(): Promise<void> {
    for (const { _id } of await cluster.executions.find({ ...LAB, status: 'needs-attention' }).toArray()) {
      const key = `${_id.toHexString()}.b`;
      const isKnown = ledger.count(key) > 0;
      if (!isKnown) said.set(key, (said.get(key) ?? 0) + 1);
      const body = isKnown ? { outcome: 'happened', result: 'ok' } : { outcome: 'again' };
      await cluster.ask(`/api/v1/executions/${_id.toHexString()}/steps/b/resolve`, body, [200, 201, 409]);
    }
  }

  async function expectEnded(): Promise<void> {
    const open = { ...LAB, status: { $ne: 'succeeded' } };
    const giveUp = Date.now() + PATIENCE_MS;
    while ((await cluster.executions.countDocuments(open)) > 0) {
      if (Date.now() > giveUp)
        throw new Error(JSON.stringify(await cluster.executions.find(open).limit(5).toArray()));
      await resolveUnknown();
      const waiting = { type: 'lab.tell', status: 'waiting', 'steps.word.status': 'waiting' };
      for (const { _id } of await cluster.executions.find(waiting).toArray())
        await sendWord(_id.toHexString());
      await sleep(IS_SOAK ? 500 : 50);
    }
  }

  /** Nothing that was accepted is lost, and nothing was repeated in silence. */
  async function expectTrue(): Promise<void> {
    const ids = [...kinds.keys()].map((id) => new ObjectId(id));
    const done = { _id: { $in: ids }, status: 'succeeded', $or: [{ result: '"okok"' }, { sealed: /./ }] };
    expect(await cluster.executions.countDocuments(done)).toBe(ids.length);
    const steps = [...kinds].flatMap(([id, kind]) =>
      (kind === 'all' ? ['a', 'b', 'c', 'd'] : ['a', 'b']).map((step) => ({ key: `${id}.${step}`, kind })),
    );
    expect(steps.filter(({ key }) => ledger.count(key) === 0)).toEqual([]);
    const once = steps.filter(
      ({ key, kind }) => key.endsWith('b') && kind !== 'repeatable' && kind !== 'flaky',
    );
    expect(once.filter(({ key }) => ledger.count(key) > 1 + (said.get(key) ?? 0))).toEqual([]);
    // Each effect came with the key of its step, whoever had it happen.
    const children = await cluster.executions.find({ ...LAB, parent: { $exists: true } }).toArray();
    const known = new Set([
      ...steps.map(({ key }) => key),
      ...children.flatMap(({ _id }) => [`${_id.toHexString()}.a`, `${_id.toHexString()}.b`]),
    ]);
    expect([...ledger.pidsOf.keys()].filter((key) => !known.has(key))).toEqual([]);
  }

  async function underLoad(what: string, kill: () => Promise<number>): Promise<void> {
    kinds.clear();
    said.clear();
    ledger.pidsOf.clear();
    const end = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () => startExecutions(end.signal));
    const kills = await kill().finally(() => end.abort());
    await Promise.all(clients);
    await cluster.endLeases();
    await expectEnded();
    expect(kinds.size).toBeGreaterThan(CLIENTS);
    await expectTrue();
    const again = [...ledger.pidsOf.values()].filter(({ length }) => length > 1).length;
    report(
      `${kills} kills of ${what}, ${kinds.size} executions, none lost; ${said.size} asked about, ${again} effects repeated`,
    );
  }

  async function killDatabase(): Promise<void> {
    await cluster.mongod.kill();
    await cluster.mongod.restart();
  }

  it('lose nothing that was accepted and repeat nothing in silence when they are killed', () =>
    underLoad('processes', async () => {
      const until = Date.now() + KILLING_MS;
      let kills = 0;
      for (; kills < LEAST_KILLS || Date.now() < until; kills++) {
        await sleep(BETWEEN_MS);
        const at = cluster.drawn(3);
        await cluster.killServer(at);
        await cluster.startServer(at);
      }
      // That has a test of its own in a soak.
      if (!IS_SOAK) await killDatabase();
      return kills;
    }));

  const itInSoak = IS_SOAK ? it : () => undefined;
  itInSoak('nor when the database is killed beside them', () =>
    underLoad('the database', async () => {
      for (let kills = 0; kills < DATABASE_KILLS; kills++) {
        const [enough, giveUp] = [kinds.size + CLIENTS, Date.now() + PATIENCE_MS];
        while (kinds.size < enough && Date.now() < giveUp) await sleep(20);
        await killDatabase();
        // Every third time the processes are killed as well, while nothing answers.
        if (kills % 3 > 0) continue;
        await cluster.killServer(0);
        await cluster.startServer(0);
      }
      return DATABASE_KILLS;
    }),
  );

  it('write nothing of what they have lost, when they were stopped or blocked for longer than their lease', async () => {
    // What the test before has ended is replaced when it is to be renewed.
    await eventually(() => cluster.hasLeases(), 30_000);
    const losses = (at: number) => cluster.server(at).stdout.split('"execution_lease_lost"').length;
    const before = [0, 1].map(losses);
    const held = await Promise.all(
      HELD_KINDS.map(async (kind, at) => {
        const { body } = await cluster.caller(at).post('/api/v1/lab', inputOf(kind));
        const id = String(body.data.id);
        await ledger.happened(`${id}.a`);
        expect(ledger.pidsOf.get(`${id}.a`)).toEqual([String(cluster.server(at).pid)]);
        return new ObjectId(id);
      }),
    );
    await freeze(cluster.server(0).pid ?? 0);
    const find = (): Promise<Document[]> => cluster.executions.find({ _id: { $in: held } }).toArray();
    await cluster.endLeases((await find()).map(({ engine }) => engine as ObjectId));
    const others = await eventually(async () => {
      const found = await find();
      return found.every(({ status }) => status === 'succeeded') && found;
    }, 30_000);
    await writeFile(join(cluster.installation.folder, 'gate'), '');
    cluster.server(0).kill('SIGCONT');
    await eventually(() => [0, 1].every((at) => losses(at) > (before[at] ?? 0)), 30_000);
    // They run again, with a lease of their own, and have done nothing of the old one.
    for (const at of [0, 1]) {
      const { body } = await cluster.caller(at).post('/api/v1/lab', inputOf('repeatable'));
      await ledger.happened(`${body.data.id}.b`);
    }
    expect(await find()).toEqual(others);
    const third = String(cluster.server(2).pid);
    expect(held.map((id) => ledger.pidsOf.get(`${id.toHexString()}.a`)?.slice(1))).toEqual([
      [third],
      [third],
    ]);
    expect(held.map((id) => ledger.pidsOf.get(`${id.toHexString()}.b`))).toEqual([[third], [third]]);
    report('a process stopped and one blocked for longer than their lease: every late write refused');
  });

  it('lose no mail when they are killed while they send it, and send it under one Message-ID', async () => {
    taken.length = 0;
    for (const [at, place] of (['begin', 'end'] as const).entries()) {
      holdMailAt = place;
      const reached = new Promise<void>((resolve) => (mailHeld = resolve));
      const email = `held-at-${place}@example.com`;
      const { status } = await cluster
        .caller(at)
        .post('/api/v1/auth/register', { email, password: 'correct horse battery' });
      expect(status).toBe(201);
      await reached;
      await cluster.killServer(at);
      holdMailAt = undefined;
    }
    await cluster.endLeases(
      (await cluster.executions.find({ type: 'outbox.send', engine: { $exists: true } }).toArray()).map(
        ({ engine }) => engine as ObjectId,
      ),
    );
    await eventually(() => taken.length === 3, 30_000);
    const sent = await eventually(async () => {
      const found = await cluster.executions.find({ type: 'outbox.send' }).toArray();
      return found.every(({ status }) => status === 'succeeded') && found;
    }, 30_000);
    const ids = taken.map((messageId) => /^<([0-9a-f]{24})\.send@/.exec(messageId)?.[1]);
    expect(new Set(ids).size).toBe(2);
    const known = new Set(sent.map(({ _id }) => (_id as ObjectId).toHexString()));
    expect(ids.filter((id) => !known.has(id ?? ''))).toEqual([]);
    report('kill -9 before and after a mail was taken: both sent, one of them twice under one Message-ID');
  });

  it('create each record of an import once, when each of them is killed meanwhile', async () => {
    await Promise.all([0, 1, 2].map((at) => cluster.servers[at] ?? cluster.startServer(at)));
    const table = Buffer.from(`code\n${Array.from({ length: ROWS }, (_, n) => `c${n}\n`).join('')}`);
    const { body } = await cluster
      .caller(0)
      .post('/api/v1/contacts/import', table, { 'content-type': 'text/csv' });
    const _id = new ObjectId(String(body.data.id));
    let created = 0;
    for (const at of [0, 1, 2]) {
      // By the second or the third the one is killed that runs it.
      created = await eventually(async () => {
        const count = await cluster.contacts.countDocuments();
        return count > created && count;
      }, 30_000);
      await cluster.killServer(at);
      // In a soak whoever runs it next waits for the lease; a fast machine would be done before the third is killed.
      if (!IS_SOAK) await cluster.endLeases();
    }
    expect(await cluster.contacts.countDocuments()).toBeLessThan(ROWS);
    await Promise.all([0, 1, 2].map((at) => cluster.startServer(at)));
    const over = await eventually(async () => {
      const found = await cluster.executions.findOne({ _id });
      return found?.['status'] === 'succeeded' && found;
    }, PATIENCE_MS);
    expect(JSON.parse(String(over['result']))).toEqual({ rows: ROWS, created: ROWS, refused: [], more: 0 });
    expect(await cluster.contacts.countDocuments()).toBe(ROWS);
    report(`kill -9 of each process while it imports ${ROWS} rows: each was created once`);
  });

  it('do nothing late where the clocks of their machines are hours off', async () => {
    // It starts what another one runs, whose clock is two hours ahead of it.
    await cluster.startServer(0, { AHEAD_MS: String(HOUR_MS), EXECUTIONS: 'off' });
    await cluster.startServer(1, { AHEAD_MS: String(3 * HOUR_MS) });
    await cluster.killServer(2);
    taken.length = 0;
    const ada = await new HttpCaller(cluster.server(0).url).signIn('late@example.com');
    const { body } = await ada.post('/api/v1/lab', inputOf('sleep'));
    await ledger.happened(`${body.data.id}.b`);
    await eventually(() => taken.length === 1);
    expect(ledger.count(`${body.data.id}.a`)).toBe(1);
  });
});
