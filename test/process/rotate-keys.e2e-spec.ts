import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Model, Types } from 'mongoose';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { SecondFactor, secondFactors } from '../../src/modules/second-factor/second-factor.schema.js';
import type { Records } from '../../src/platform/database/records.js';
import { Repositories } from '../../src/platform/database/repositories.js';
import { NO_PRECONDITION } from '../../src/platform/validation/precondition.js';
import { withoutFeatures } from '../support/rotations.js';
import { soaked } from '../support/soak.js';
import { connectionOf, createTestApp, type TestApp } from '../support/test-app.js';
import { gone, Installation, mongodOf, type ServerProcess } from './server-process.js';
import { SYSTEM } from '../../src/platform/access/caller.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(120_000);

const COUNT = soaked(10_000, 2_000);
const DONE = 'Every value is under the first key of ENCRYPTION_KEY.';
const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [before, after] = [key('before'), key('after')];
const UNDER_AFTER = { secret: /^enc:v1:after:/ };
const OUTDATED = { secret: { $not: UNDER_AFTER.secret } };

let installation: Installation;
/** As it runs before anybody knows of another key. */
let old: TestApp;
/** As it runs while keys are rotated. */
let server: TestApp;

beforeAll(async () => {
  [installation, old] = await Promise.all([
    Installation.create(),
    createTestApp({ ENCRYPTION_KEY: before, LOG_LEVEL: 'warn' }),
  ]);
  server = await onTheSameDatabase(`${after},${before}`);
});
afterAll(async () => {
  await server.app.close();
  await Promise.all([old.close(), installation.remove()]);
});

const uri = () => String(old.config.of(DatabaseConfig).mongodbUri);
const onTheSameDatabase = (keys: string) =>
  createTestApp({ MONGODB_URI: uri(), ENCRYPTION_KEY: keys, LOG_LEVEL: 'warn' });
const modelOf = ({ app }: TestApp) => connectionOf(app).models[SecondFactor.name] as Model<SecondFactor>;
const raw = () => old.connection.collection('second_factors');
const secretOf = (index: number) => `SECRET ${index}`;

/** So many values under the old key. Their records, by the secret that they hold. */
async function fill(count: number): Promise<Types.ObjectId[]> {
  await raw().deleteMany({});
  const rest = { confirmed: true, lastStep: 0, recoveryCodes: [] };
  const ids: Types.ObjectId[] = [];
  for (let start = 0; start < count; start += 1000) {
    const records = Array.from({ length: Math.min(1000, count - start) }, (_, index) => ({
      ownerId: new Types.ObjectId(),
      secret: secretOf(start + index),
      ...rest,
    }));
    ids.push(...(await modelOf(old).insertMany(records)).map(({ _id }) => _id));
  }
  return ids;
}

function rotate(env: Record<string, string> = {}): ServerProcess {
  return installation.spawn([process.execPath, 'dist/rotate-keys.js'], {
    NODE_ENV: 'production',
    MONGODB_URI: uri(),
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: `${after},${before}`,
    ...env,
  });
}

/** What is left of a rotation that has ended. */
async function ended(rotation: ServerProcess) {
  const exit = await rotation.ended;
  return { ...exit, stdout: withoutFeatures(exit.stdout) };
}

/** Resolves when a rotation has come some way. */
async function underWay(): Promise<void> {
  while ((await raw().countDocuments(UNDER_AFTER)) === 0) await sleep(2);
}

/** What a process reads that has forgotten the old key. */
async function readWithNewKeyAlone(): Promise<Map<string, string>> {
  const alone = await onTheSameDatabase(after);
  const found = await modelOf(alone).find({}, { secret: 1 }).sort({ _id: 1 }).lean();
  await alone.app.close();
  return new Map(found.map(({ _id, secret }) => [String(_id), secret]));
}

/** Reads and writes records without pause, through a repository and through Mongoose. Each belongs to one writer. */
class Load {
  readonly failures: unknown[] = [];
  reads = 0;
  writes = 0;
  private isRunning = true;
  private readonly writers: readonly Promise<void>[];
  private readonly model = modelOf(server);
  private readonly repository: Records<SecondFactor> = server.app
    .get(Repositories)
    .of(this.model, secondFactors);

  /** @param secrets by record; keeps up with what is written */
  constructor(private readonly secrets: Map<string, string>) {
    const ids = [...secrets.keys()];
    const count = 8;
    this.writers = Array.from({ length: count }, (_, own) =>
      this.write(ids.filter((__, index) => index % count === own)),
    );
  }

  async end(): Promise<void> {
    this.isRunning = false;
    await Promise.all(this.writers);
  }

  private async write(ids: readonly string[]): Promise<void> {
    for (let turn = 0; this.isRunning; turn++) {
      const id = ids[Math.floor(Math.random() * ids.length)] ?? '';
      await this.use(id, turn % 5).catch((error: unknown) => this.failures.push(error));
    }
  }

  private async use(id: string, way: number): Promise<void> {
    const secret = `WRITTEN ${randomBytes(6).toString('hex')}`;
    const writeBy = [
      () => this.repository.update(SYSTEM, id, NO_PRECONDITION, { secret }),
      () => this.model.updateOne({ _id: id }, { secret }),
      async () => (await this.model.findById(id))?.set({ secret }).save(),
      undefined,
      undefined,
    ][way];
    if (writeBy) {
      await writeBy();
      this.secrets.set(id, secret);
      this.writes++;
    }
    const read = way % 2 ? await this.model.findById(id).lean() : await this.repository.get(SYSTEM, id);
    if (read?.secret !== this.secrets.get(id)) throw new Error(`Read ${read?.secret}`);
    this.reads++;
  }
}

describe('npm run keys:rotate', () => {
  it(`re-encrypts ${COUNT} values while they are read and written, and no read fails`, async () => {
    const ids = await fill(COUNT);
    const secrets = new Map(ids.map((id, index) => [String(id), secretOf(index)]));
    const load = new Load(secrets);
    await sleep(200);
    const { reads, writes } = load;
    const { code, stdout, stderr } = await ended(rotate());
    const during = { reads: load.reads - reads, writes: load.writes - writes };
    await load.end();
    expect({ code, failures: load.failures }).toEqual({ code: 0, failures: [] });
    expect(stdout).toMatch(/^second_factors: [\d,]+ values re-encrypted$/m);
    expect(stdout).toContain(DONE);
    expect(stderr).toMatch(/^second_factors … [\d,]+ of [\d,]+ values$/m);
    expect(await raw().countDocuments(OUTDATED)).toBe(0);
    expect(await readWithNewKeyAlone()).toEqual(secrets);
    expect(during.reads).toBeGreaterThan(100);
    expect(during.writes).toBeGreaterThan(100);
  });

  describe('that is ended in the middle', () => {
    let ids: Types.ObjectId[];
    const expectAll = async () => {
      const found = await modelOf(server).find().sort({ _id: 1 }).lean();
      expect(found.map(({ _id }) => _id)).toEqual(ids);
      expect(found.map(({ secret }) => secret)).toEqual(ids.map((_, index) => secretOf(index)));
    };

    /** Resolves when the database has done what a killed process had sent to it. */
    const carriedOut = async () => {
      const admin = old.connection.getClient().db('admin');
      const ns = `${old.connection.name}.second_factors`;
      for (let quiet = 0; quiet < 3;) {
        await sleep(50);
        const { inprog } = (await admin.command({ currentOp: 1, active: true, ns })) as { inprog: unknown[] };
        quiet = inprog.length > 0 ? 0 : quiet + 1;
      }
    };

    beforeEach(async () => {
      ids = await fill(COUNT);
    });

    it('by kill -9 leaves every value readable, and the next one finishes', async () => {
      const killed = rotate();
      await underWay();
      killed.kill('SIGKILL');
      await killed.ended;
      await carriedOut();
      const left = await raw().countDocuments(OUTDATED);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(COUNT);
      await expectAll();
      const { code, stdout } = await ended(rotate());
      expect(code).toBe(0);
      expect(stdout).toContain(`\nsecond_factors: ${left.toLocaleString('en-US')} values re-encrypted\n`);
      expect(stdout.endsWith(`\n${DONE}\n`)).toBe(true);
      await expectAll();
    });

    it('by a signal says how to go on, and two at once finish what is left', async () => {
      const stopped = rotate();
      await underWay();
      stopped.kill('SIGTERM');
      const { code, stdout } = await ended(stopped);
      expect(code).toBe(1);
      expect(stdout).toMatch(/values re-encrypted\nStopped\. .*run it again to go on\.\n$/);
      const left = await raw().countDocuments(OUTDATED);
      expect(left).toBeGreaterThan(0);
      const both = await Promise.all([ended(rotate()), ended(rotate())]);
      expect(both.map((each) => each.code)).toEqual([0, 0]);
      const counts = both.map((each) =>
        Number(/^second_factors: ([\d,]+) values/m.exec(each.stdout)?.[1]?.replaceAll(',', '')),
      );
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(left);
      await expectAll();
    });
  });

  it('names what does not decrypt by its place, and fails', async () => {
    const [plain, unknown, whole] = (await fill(3)) as [Types.ObjectId, Types.ObjectId, Types.ObjectId];
    await raw().updateOne({ _id: plain }, { $set: { secret: 'Kumquat' } });
    const { secret } = (await raw().findOne({ _id: unknown })) as unknown as { secret: string };
    await raw().updateOne({ _id: unknown }, { $set: { secret: secret.replace(':before:', ':lost:') } });
    const { code, stdout, stderr } = await ended(rotate());
    expect(code).toBe(1);
    expect(stdout).toBe(
      `second_factors ${plain} secret: not encrypted\n` +
        `second_factors ${unknown} secret: unknown key (lost)\n` +
        'executions: 0 values re-encrypted\n' +
        'import_parts: 0 values re-encrypted\n' +
        'second_factors: 1 value re-encrypted, 2 that do not decrypt\n' +
        'webhooks: 0 values re-encrypted\n' +
        'Every other value is under the first key of ENCRYPTION_KEY. Keep the other keys.\n',
    );
    expect(stdout + stderr).not.toMatch(/Kumquat|enc:v1/);
    expect(await raw().countDocuments(UNDER_AFTER)).toBe(1);
    expect((await modelOf(server).findById(whole))?.secret).toBe(secretOf(2));
  });

  it('tells in one line that the database does not answer', async () => {
    const nowhere = 'mongodb://127.0.0.1:9/product?serverSelectionTimeoutMS=300';
    const { code, stdout, stderr } = await ended(rotate({ MONGODB_URI: nowhere }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('The database that MONGODB_URI names does not answer. Run it again to go on.\n');
  });

  it('takes the embedded MongoDB where no other is named, and leaves none behind', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'product-rotate-'));
    const running = rotate({ NODE_ENV: 'development', MONGODB_URI: '', DATA_DIR: dataDir });
    const { code, stdout } = await ended(running);
    const none = 'executions import_parts second_factors webhooks'
      .split(' ')
      .map((each) => `${each}: 0 values re-encrypted\n`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${none.join('')}${DONE}\n` });
    await gone(await mongodOf(dataDir));
    await rm(dataDir, { recursive: true });
  });
});
