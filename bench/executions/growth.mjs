/** The cost of executions when there are many: finished, sleeping, waiting, with many steps, scheduled; and when idle. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSigner } from 'fast-jwt';
import { ObjectId } from 'mongodb';
import { PRODUCT } from '../../src/product/product.ts';
import { markdown, median } from '../report.mjs';
import { cpuSeconds, rssMiB } from '../servers.mjs';
import { createWorld } from '../world.mjs';
import { ask, costOf, list, quiet, start, startChain, times, waited } from './client.mjs';

const FULL = {
  few: 1_000,
  finished: [100_000, 1_000_000],
  sleeping: 100_000,
  waiting: 100_000,
  schedules: 10_000,
  steps: [10, 100, 1_000, 9_000],
  slices: 7,
  count: 300,
  settleMs: 25_000,
  idleMs: 30_000,
};
const SMOKE = {
  few: 50,
  finished: [500],
  sleeping: 200,
  waiting: 500,
  schedules: 20,
  steps: [10, 100],
  slices: 1,
  count: 20,
  settleMs: 500,
  idleMs: 2_000,
};
const HOUR_MS = 3_600_000;
const BATCH = 5_000;

const thousands = (count) => count.toLocaleString('en');

/** Copies an execution many times, a millisecond apart. */
async function fill(collection, template, count, change = {}) {
  for (let done = 0; done < count; done += BATCH) {
    const copies = Array.from({ length: Math.min(BATCH, count - done) }, (_, n) => {
      const createdAt = new Date(template.createdAt.getTime() - done - n);
      return { ...template, _id: new ObjectId(), stamp: new ObjectId(), createdAt, ...change };
    });
    await collection.insertMany(copies, { ordered: false, writeConcern: { w: 1, journal: false } });
  }
}

class Growth {
  rows = [];

  constructor(mongo, folder, sizes) {
    Object.assign(this, { mongo, folder, sizes });
  }

  note(what, figure, bound = '–') {
    this.rows.push([what, figure, bound]);
    process.stderr.write(`  ${what}: ${figure}\n`);
  }

  async place(name) {
    const uri = this.mongo.uri.replace(/\/[^/?]*\?/, `/${name}?`);
    const world = await createWorld(uri, 10);
    const executions = world.db.collection('executions');
    return { uri, world, executions, mongo: this.mongo, server: await startChain(world, uri, this.folder) };
  }

  /** The stored form of an execution that has reached a status. */
  async template({ server, world, executions }, input, status) {
    const _id = new ObjectId((await start(input)(server, world)).id);
    for (;;) {
      const found = await executions.findOne({ _id });
      if (found.status === status) return found;
      await sleep(20);
    }
  }

  /** Compares costs in two databases, in turn. */
  async compare(what, few, many) {
    const acts = {
      'a chain': waited({ effect: 'once' }),
      'one that is claimed': start({ effect: 'pure', inMs: 300 }),
      'the list': list,
    };
    for (const [name, act] of Object.entries(acts)) {
      for (const place of [few, many]) await costOf(place, act, this.sizes.count);
      const ratios = [];
      for (let slice = 0; slice < this.sizes.slices; slice++) {
        const before = await costOf(few, act, this.sizes.count);
        const after = await costOf(many, act, this.sizes.count);
        ratios.push([after.both / before.both, before.perSecond / after.perSecond]);
      }
      const [cpu, time] = [0, 1].map((at) => median(ratios.map((each) => each[at])).toFixed(2));
      this.note(`${what}: ${name}, CPU with mongod and time`, `${cpu}, ${time}`, '≤ 1.2');
    }
    const [before, after] = [few, many].map(({ server }) => rssMiB(server.pid));
    this.note(`${what}: resident memory`, `${(after - before).toFixed(0)} MiB more`);
  }

  async measureStored(few, many) {
    const { few: least, finished, sleeping } = this.sizes;
    const done = await this.template(many, { effect: 'once' }, 'succeeded');
    await fill(few.executions, done, least);
    let stored = 0;
    for (const count of finished) {
      await fill(many.executions, done, count - stored);
      stored = count;
      await this.compare(`${thousands(count)} finished ÷ ${thousands(least)}`, few, many);
    }
    const asleep = await this.template(many, { effect: 'sleep' }, 'waiting');
    await fill(many.executions, asleep, sleeping, { sleeper: true });
    await this.compare(`the same and ${thousands(sleeping)} asleep`, few, many);
  }

  /** Ends a session in one process, and returns how long another one still accepts it, in milliseconds. */
  async honoured({ server, world }, other) {
    const [_id, now] = [new ObjectId(), new Date()];
    const known = await world.db.collection('sessions').findOne();
    await world.db.collection('sessions').insertOne({ ...known, _id, createdAt: now });
    const expiresIn = HOUR_MS;
    const sign = createSigner({ key: world.secret, iss: PRODUCT.key, aud: `${PRODUCT.key}-api`, expiresIn });
    const doomed = { token: sign({ sub: world.userId, sid: _id.toHexString() }) };
    const seen = () => ask(other, doomed, 'GET', 'auth/me');
    const first = await seen();
    if (first.status !== 200) throw new Error(`The session is not known: ${first.status} ${first.text}`);
    const { status: ended } = await ask(server, world, 'DELETE', `auth/sessions/${_id.toHexString()}`);
    if (ended !== 200) throw new Error(`A session cannot be ended: ${ended}`);
    const endedAt = performance.now();
    for (let last = 0; ; await sleep(10)) {
      const { status: answered } = await seen();
      if (answered === 200) last = performance.now() - endedAt;
      if (answered === 401) return last;
    }
  }

  /** Measures how soon another owner's first executions run and how soon rights end, under load. */
  async measureCrowd(many) {
    const { sleeping, waiting } = this.sizes;
    const { db } = many.world;
    const crowd = { _id: new ObjectId(), email: 'crowd@product.test' };
    await db.collection('users').insertOne({ ...(await db.collection('users').findOne()), ...crowd });
    const queued = await this.template(many, { effect: 'pure', inMs: 48 * HOUR_MS }, 'queued');
    const due = { dueAt: new Date(), ready: true };
    const scope = { ...queued.scope, actor: { ...queued.scope.actor, id: crowd._id.toHexString() } };
    const other = await startChain(many.world, many.uri, this.folder);
    try {
      await fill(many.executions, queued, waiting, { ...due, ownerId: crowd._id, scope });
      await this.during(many, other, `${thousands(waiting)} of another owner are waiting`);
      await many.executions.deleteMany({ ownerId: crowd._id });
      const over = { ...due, 'steps.pause.dueAt': due.dueAt };
      await many.executions.updateMany({ sleeper: true }, { $set: over });
      await this.during(many, other, `${thousands(sleeping)} wake up at once`);
      await quiet(many.world);
    } finally {
      await other.stop();
    }
  }

  async during(many, other, what) {
    const left = () => many.executions.countDocuments({ dueAt: { $lte: new Date() } });
    const all = await left();
    let before = all;
    // An idle engine polls again within five seconds.
    while (before === all) {
      await sleep(20);
      before = await left();
    }
    const starts = await times(many, waited({ effect: 'pure' }), 10);
    const rights = [];
    for (let n = 0; n < 3; n++) rights.push(await this.honoured(many, other));
    const after = await left();
    const still = `${thousands(before)} then ${thousands(after)} of them left`;
    this.note(
      `while ${what} (${still}): the first of ten starts to its result, the longest`,
      `${starts[0].toFixed(0)} ms, ${Math.max(...starts).toFixed(0)} ms`,
      '≤ 1000 ms',
    );
    const most = `${Math.max(...rights).toFixed(0)} ms`;
    this.note(`while ${what}: a session that has ended is honoured elsewhere for`, most, '≤ 2000 ms');
  }

  async measureSteps(place) {
    let first;
    for (const steps of this.sizes.steps) {
      const count = Math.max(1, Math.round(this.sizes.steps.at(-1) / steps));
      const act = waited({ effect: 'repeatable', steps });
      await costOf(place, act, 1);
      const { both } = await costOf(place, act, count);
      const each = both / steps;
      first ??= each;
      const memory = `${rssMiB(place.server.pid).toFixed(0)} MiB`;
      this.note(
        `${thousands(steps)} steps in an execution: CPU of a step with mongod, ÷ the first, memory`,
        `${each.toFixed(0)} µs, ${(each / first).toFixed(2)}, ${memory}`,
      );
    }
  }

  /** CPU of idle processes and mongod, in milliseconds per second. */
  async idle(servers) {
    // V8 keeps optimising and collecting garbage for a while after startup.
    await sleep(this.sizes.settleMs);
    const pids = [...servers.map(({ pid }) => pid), this.mongo.pid];
    const before = pids.map(cpuSeconds);
    await sleep(this.sizes.idleMs);
    const each = pids.map((pid, at) => ((cpuSeconds(pid) - before[at]) * 1e6) / this.sizes.idleMs);
    const [database, own] = [each.at(-1), each.slice(0, -1)];
    return { database, own: own.reduce((sum, ms) => sum + ms, 0) / own.length };
  }

  async measureIdle({ world, uri }) {
    const found = {};
    for (const executions of ['off', 'on']) {
      const servers = [];
      for (let n = 0; n < 3; n++) {
        servers.push(await startChain(world, uri, this.folder, { EXECUTIONS: executions }));
      }
      found[executions] = await this.idle(servers);
      for (const server of servers) await server.stop();
    }
    const more = (whose) => `${((found.on[whose] - found.off[whose]) / 10).toFixed(2)} %`;
    this.note(
      'idle, three processes, against EXECUTIONS=off: of a core, each, and of mongod for all three',
      `${more('own')}, ${more('database')}`,
      '≤ 1 %, ≤ 1 %',
    );
    const { schedules } = this.sizes;
    const server = await startChain(world, uri, this.folder, { BENCH_SCHEDULES: String(schedules) });
    const { own, database } = await this.idle([server]);
    this.note(
      `${thousands(schedules)} schedules: start, memory, and idle CPU of the process and of mongod`,
      `${server.readyMs.toFixed(0)} ms, ${rssMiB(server.pid).toFixed(0)} MiB, ${(own / 10).toFixed(2)} %, ${(database / 10).toFixed(2)} %`,
    );
    await server.stop();
  }
}

/** @returns the section of the report */
export async function measureGrowth({ mongo, folder, smoke }) {
  process.stderr.write('Growth\n');
  const growth = new Growth(mongo, folder, smoke ? SMOKE : FULL);
  const [few, many] = [await growth.place('bench_few'), await growth.place('bench_many')];
  try {
    await growth.measureSteps(few);
    await growth.measureStored(few, many);
    await growth.measureCrowd(many);
    await Promise.all([few, many].map(({ server }) => server.stop()));
    await growth.measureIdle(few);
  } finally {
    for (const { server, world } of [few, many]) {
      await server.stop();
      await world.db.dropDatabase();
      await world.client.close();
    }
  }
  return `## Growth

Ratios are medians of ${growth.sizes.slices} slices in which the two databases take turns. One that is claimed is due 0.3 seconds after its start, and found by the engine.

${markdown({ head: ['what', 'measured', 'bound'], rows: growth.rows })}
`;
}
