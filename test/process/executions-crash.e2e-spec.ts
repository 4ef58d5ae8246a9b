import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MongoClient, ObjectId } from 'mongodb';
import { IS_SOAK, report, SEED, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { addToBuild } from './lab-feature.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

// In a soak a process is killed five seconds after the last one is ready again, thirty times.
jest.setTimeout(900_000);

const KILLS = IS_SOAK ? soaked(30) : 2;
const BETWEEN_MS = IS_SOAK ? 5_000 : 300;
const CLIENTS = IS_SOAK ? 50 : 4;
const KINDS = ['repeatable', 'once', 'sleep', 'call'] as const;
const PATIENCE_MS = 60_000;

const EXECUTOR = `
import { IsIn, IsString } from 'class-validator';
import { Executor } from '../../platform/executions/executor.js';

export class TellDto {
  @IsString() ledger!: string;
  @IsIn(${JSON.stringify(KINDS)}) kind!: string;
}

@Executor({ type: 'lab.tell', input: TellDto, attempts: 100 })
export class Tell {
  async execute({ ledger, kind }, run) {
    const tell = async ({ key }) => (await fetch(ledger + '/' + key, { method: 'POST' })).text();
    const a = await run.step('a', tell);
    if (kind === 'sleep') await run.sleep('pause', '300ms');
    if (kind === 'call') await run.call(Tell, { ledger, kind: 'repeatable' });
    return a + (await run.step('b', { effect: kind === 'once' ? 'once' : 'repeatable' }, tell));
  }
}`;
const MODULE = `
import { Body, Controller, Module, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import { CurrentScope, SignedIn } from '../../platform/access/access.js';
import { ExecutionDto } from '../../platform/executions/execution.dto.js';
import { Executions } from '../../platform/executions/executions.js';
import { Answers } from '../../platform/http/answers.js';
import { Tell, TellDto } from './lab.executor.js';

class StartDto extends TellDto { @IsString() key!: string; }

@Controller('api/v1/lab')
export class LabController {
  constructor(private readonly executions: Executions) {}

  @Post() @SignedIn() @Answers(ExecutionDto, 202)
  start(@CurrentScope() scope: unknown, @Body() { key, ...input }: StartDto) {
    return this.executions.start(Tell, input, { scope, key });
  }
}

@Module({ controllers: [LabController], providers: [Tell] })
export class LabModule {}`;

describe(`three processes, of which ${KILLS} are killed under ${CLIENTS} clients that start executions`, () => {
  /** What has happened outside of every process: how often, by the key that came with it. */
  const ledger = new Map<string, number>();
  const kinds = new Map<string, (typeof KINDS)[number]>();
  const said = new Map<string, number>();
  let outside: Server;
  let installation: Installation;
  let mongod: OwnMongod;
  let client: MongoClient;
  let env: Record<string, string>;
  let token: string | undefined;
  const servers: (ServerProcess | undefined)[] = [undefined, undefined, undefined];

  beforeAll(async () => {
    outside = createServer(({ url = '' }, answer) => {
      const key = url.slice(1);
      ledger.set(key, (ledger.get(key) ?? 0) + 1);
      answer.end('ok');
    });
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    installation = await Installation.create();
    await addToBuild(installation.folder, { 'lab.executor': EXECUTOR, 'lab.module': MODULE });
    mongod = await startOwnMongod();
    client = new MongoClient(mongod.uri);
    env = {
      MONGODB_URI: mongod.uri,
      DATA_DIR: installation.folder,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    };
    await start(0);
    await Promise.all([start(1), start(2)]);
    ({ token } = await new HttpCaller(servers[0]?.url ?? '').signIn());
  });
  afterAll(async () => {
    await client.close();
    await installation.remove();
    await mongod.remove();
    outside.close();
  });

  async function start(at: number): Promise<void> {
    const server = installation.spawn(
      [process.execPath, '--no-warnings', join(installation.folder, 'dist/main.js')],
      env,
    );
    await server.listening();
    servers[at] = server;
  }

  let state = SEED;
  /** From 0 up to `bound`, by the seed. */
  function drawn(bound: number): number {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  }

  /** Asks any process that runs, again as long as it is not answered. */
  async function ask(path: string, body: object, accepted: readonly number[]): Promise<string> {
    for (const giveUp = Date.now() + PATIENCE_MS; Date.now() < giveUp; await sleep(20)) {
      const server = servers[drawn(3)];
      if (!server) continue;
      const caller = new HttpCaller(server.url, token);
      const answer = await caller.post(path, body).catch(() => undefined);
      if (answer && accepted.includes(answer.status)) return String(answer.body.data?.id);
    }
    throw new Error(`${path} was not taken within ${PATIENCE_MS} ms`);
  }

  async function startExecutions(end: AbortSignal): Promise<void> {
    const { port } = outside.address() as AddressInfo;
    while (!end.aborted) {
      const kind = KINDS[drawn(KINDS.length)] ?? 'once';
      const body = { ledger: `http://127.0.0.1:${port}`, kind, key: randomUUID() };
      kinds.set(await ask('/api/v1/lab', body, [202]), kind);
      await sleep(IS_SOAK ? 20 : 100);
    }
  }

  /** Does what a person does who can look outside: says what became of a step that nobody knows of. */
  async function resolveUnknown(): Promise<void> {
    const executions = client.db().collection('executions');
    for (const { _id } of await executions.find({ status: 'needs-attention' }).toArray()) {
      const key = `${_id.toHexString()}.b`;
      const isKnown = ledger.has(key);
      if (!isKnown) said.set(key, (said.get(key) ?? 0) + 1);
      const body = isKnown ? { outcome: 'happened', result: 'ok' } : { outcome: 'again' };
      await ask(`/api/v1/executions/${_id.toHexString()}/steps/b/resolve`, body, [200, 201, 409]);
    }
  }

  it('lose nothing that was accepted, and repeat nothing in silence', async () => {
    const end = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () => startExecutions(end.signal));
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(BETWEEN_MS);
      const at = drawn(3);
      const victim = servers[at];
      servers[at] = undefined;
      victim?.kill('SIGKILL');
      await victim?.ended;
      await start(at);
    }
    end.abort();
    await Promise.all(clients);
    // The gate does not wait until the leases of the dead have run out; those who live lose theirs with them.
    const { executions, leases } = {
      executions: client.db().collection('executions'),
      leases: client.db().collection('execution_engines'),
    };
    if (!IS_SOAK) await leases.deleteMany({});
    const ids = [...kinds.keys()].map((id) => new ObjectId(id));
    const open = { type: 'lab.tell', status: { $nin: ['succeeded'] } };
    for (
      const giveUp = Date.now() + PATIENCE_MS;
      (await executions.countDocuments(open)) > 0;
      await sleep(50)
    ) {
      if (Date.now() > giveUp)
        throw new Error(JSON.stringify(await executions.find(open).limit(5).toArray()));
      await resolveUnknown();
    }
    expect(ids.length).toBeGreaterThan(CLIENTS);
    expect(
      await executions.countDocuments({ _id: { $in: ids }, status: 'succeeded', result: '"okok"' }),
    ).toBe(ids.length);
    const steps = [...kinds].flatMap(([id, kind]) =>
      ['a', 'b'].map((step) => ({ key: `${id}.${step}`, kind })),
    );
    expect(steps.filter(({ key }) => !ledger.has(key))).toEqual([]);
    const silently = steps.filter(
      ({ key, kind }) =>
        kind === 'once' && key.endsWith('b') && Number(ledger.get(key)) > 1 + (said.get(key) ?? 0),
    );
    expect(silently).toEqual([]);
    const again = [...ledger.values()].filter((count) => count > 1).length;
    report(
      `${KILLS} kills, ${ids.length} executions, none lost; ${said.size} asked about, ${again} effects repeated`,
    );
  });
});
