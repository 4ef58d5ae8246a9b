import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, type ObjectId } from 'mongodb';
import { eventually } from '../support/mails.js';
import { IS_SOAK, SEED } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { addToBuild } from './lab-feature.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

/** What an execution of the laboratory does between its two effects, or instead of one. */
export const KINDS = ['repeatable', 'once', 'sleep', 'wait', 'call', 'all', 'flaky', 'secret'] as const;
export type Kind = (typeof KINDS)[number];
/** Of these the first process that runs it stays in its first step until a file is there: idle, or without a pause. */
export const HELD_KINDS = ['idle', 'blocked'] as const;
export type HeldKind = (typeof HELD_KINDS)[number];

/** How long whoever asks goes on asking, and how long executions may take to end. */
export const PATIENCE_MS = IS_SOAK ? 240_000 : 60_000;
const PROCESSES = 3;

const EXECUTOR = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { IsIn, IsString } from 'class-validator';
import { Executor } from '../../platform/executions/executor.js';

export class TellDto {
  @IsString() ledger!: string;
  @IsString() gate!: string;
  @IsIn(${JSON.stringify([...KINDS, ...HELD_KINDS])}) kind!: string;
}

@Executor({ type: 'lab.tell', input: TellDto, attempts: 100, timeout: '10m' })
export class Tell {
  async execute({ ledger, gate, kind }, run) {
    const tell = async ({ key }) => {
      const answer = await fetch(ledger + '/' + kind + '/' + key + '?pid=' + process.pid, { method: 'POST' });
      if (!answer.ok) throw new Error('The ledger takes nothing');
      if ((await answer.text()) === 'stay') {
        if (kind === 'blocked') while (!existsSync(gate));
        while (!existsSync(gate)) await sleep(10);
      }
      return 'ok';
    };
    const a = await run.step('a', tell);
    if (kind === 'sleep') await run.sleep('pause', '300ms');
    if (kind === 'wait') await run.waitFor('word', { for: '1d' });
    if (kind === 'call') await run.call(Tell, { ledger, gate, kind: 'repeatable' });
    if (kind === 'all') await run.all([() => run.step('c', tell), () => run.step('d', tell)]);
    const isOnce = !['repeatable', 'flaky'].includes(kind);
    return a + (await run.step('b', { effect: isOnce ? 'once' : 'repeatable' }, tell));
  }
}

@Executor({ type: 'lab.secret', input: TellDto, attempts: 100, encrypted: true })
export class TellInSecret extends Tell {}
`;

/** A feature that imports. */
const CONTACTS = readFileSync('test/support/contacts.ts', 'utf8').replaceAll('../../src/', '../../');

const MODULE = `
import { Body, Controller, Module, Post } from '@nestjs/common';
import { IsString } from 'class-validator';
import { CurrentScope, SignedIn } from '../../platform/access/access.js';
import { ExecutionDto } from '../../platform/executions/execution.dto.js';
import { Executions } from '../../platform/executions/executions.js';
import { Answers } from '../../platform/http/answers.js';
import { Tell, TellDto, TellInSecret } from './lab.executor.js';
import { CONTACTS_MODULE } from './lab.contacts.js';

class StartDto extends TellDto { @IsString() key!: string; }

@Controller('api/v1/lab')
export class LabController {
  constructor(private readonly executions: Executions) {}

  @Post() @SignedIn() @Answers(ExecutionDto, 202)
  start(@CurrentScope() scope: unknown, @Body() { key, ...input }: StartDto) {
    return this.executions.start(input.kind === 'secret' ? TellInSecret : Tell, input, { scope, key });
  }
}

@Module({
  imports: CONTACTS_MODULE.imports,
  controllers: [LabController, ...CONTACTS_MODULE.controllers],
  providers: [Tell, TellInSecret, ...CONTACTS_MODULE.providers],
})
export class LabModule {}`;

/** As a machine’s clock that is wrong by AHEAD_MS, for every date that the process makes of its own. */
const WRONG_CLOCK = `
const Right = Date;
const ahead = () => Right.now() + Number(process.env.AHEAD_MS);
globalThis.Date = class Date extends Right {
  constructor(...given) { super(...(given.length > 0 ? given : [ahead()])); }
  static now() { return ahead(); }
};`;

/** What has happened outside of every process, by the key that came with it. */
export class Ledger {
  /** The processes that did it, one entry for each time. */
  readonly pidsOf = new Map<string, string[]>();
  private readonly refused = new Set<string>();
  private readonly server: Server;

  constructor() {
    this.server = createServer(({ url = '' }, answer) => {
      const { pathname, searchParams } = new URL(url, 'http://ledger');
      const [, kind = '', key = ''] = pathname.split('/');
      if (kind === 'flaky' && !this.refused.has(key)) {
        this.refused.add(key);
        answer.writeHead(503).end();
        return;
      }
      const pids = this.pidsOf.get(key) ?? [];
      this.pidsOf.set(key, [...pids, searchParams.get('pid') ?? '']);
      const isHeld = HELD_KINDS.some((each) => each === kind);
      answer.end(isHeld && key.endsWith('.a') && pids.length === 0 ? 'stay' : 'go on');
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  count(key: string): number {
    return this.pidsOf.get(key)?.length ?? 0;
  }

  /** Resolves once something has happened. */
  async happened(key: string): Promise<void> {
    await eventually(() => this.count(key) > 0, 30_000);
  }

  close(): void {
    this.server.close();
  }
}

/** Three processes of the product on one mongod, with executors that tell a ledger. */
export class Cluster {
  readonly servers: (ServerProcess | undefined)[] = Array.from({ length: PROCESSES }, () => undefined);
  private token: string | undefined;
  private state = SEED;

  private constructor(
    readonly installation: Installation,
    readonly mongod: OwnMongod,
    private readonly client: MongoClient,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(settings: Readonly<Record<string, string>>): Promise<Cluster> {
    const installation = await Installation.create();
    await addToBuild(installation.folder, {
      'lab.contacts': CONTACTS,
      'lab.executor': EXECUTOR,
      'lab.module': MODULE,
    });
    await writeFile(join(installation.folder, 'clock.mjs'), WRONG_CLOCK);
    const mongod = await startOwnMongod();
    const cluster = new Cluster(installation, mongod, new MongoClient(mongod.uri), {
      MONGODB_URI: mongod.uri,
      DATA_DIR: installation.folder,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ...settings,
    });
    await cluster.startServer(0);
    await Promise.all(cluster.servers.map((_, at) => at > 0 && cluster.startServer(at)));
    ({ token: cluster.token } = await new HttpCaller(cluster.server(0).url).signIn());
    return cluster;
  }

  server(at: number): ServerProcess {
    const server = this.servers[at];
    if (!server) throw new Error(`Process ${at} is not running`);
    return server;
  }

  async startServer(at: number, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const inFolder = (name: string): string => join(this.installation.folder, name);
    const clock = settings['AHEAD_MS'] === undefined ? [] : ['--import', inFolder('clock.mjs')];
    const command = [process.execPath, '--no-warnings', ...clock, inFolder('dist/main.js')];
    const server = this.installation.spawn(command, { ...this.env, ...settings });
    await server.listening();
    this.servers[at] = server;
  }

  /** Kills it with -9; nobody asks it any more. */
  async killServer(at: number): Promise<void> {
    const victim = this.server(at);
    this.servers[at] = undefined;
    victim.kill('SIGKILL');
    await victim.ended;
  }

  caller(at: number): HttpCaller {
    return new HttpCaller(this.server(at).url, this.token);
  }

  /** From 0 up to `bound`, by the seed. */
  drawn(bound: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * bound);
  }

  /** Asks any process that runs, again as long as it is not answered; answers the id of what it was given. */
  async ask(path: string, body: object, accepted: readonly number[]): Promise<string> {
    const told = new Set<string>();
    for (const giveUp = Date.now() + PATIENCE_MS; Date.now() < giveUp; await sleep(20)) {
      const at = this.drawn(PROCESSES);
      if (!this.servers[at]) continue;
      const answer = await this.caller(at)
        .post(path, body)
        .catch(() => undefined);
      if (answer && accepted.includes(answer.status)) return String(answer.body.data?.id);
      if (answer) told.add(`${answer.status} ${answer.body.code}`);
    }
    throw new Error(`${path} was not taken within ${PATIENCE_MS} ms: ${[...told].join()}`);
  }

  get contacts() {
    return this.client.db().collection('contacts');
  }

  get executions() {
    return this.client.db().collection('executions');
  }

  /**
   * Lets the leases run out of those who hold some executions, or of all: in a soak by waiting, in the gate at once.
   * Who lives and believes in such a lease has lost it all the same.
   */
  async endLeases(holders?: readonly ObjectId[]): Promise<void> {
    if (IS_SOAK) return sleep(12_000);
    const filter = holders ? { _id: { $in: [...holders] } } : {};
    await this.leases.updateMany(filter, { $set: { until: new Date(0) } });
  }

  /** Whether each process has a lease that is valid. */
  async hasLeases(): Promise<boolean> {
    const valid = { $expr: { $gt: ['$until', '$$NOW'] } };
    return (await this.leases.countDocuments(valid)) === PROCESSES;
  }

  private get leases() {
    return this.client.db().collection('execution_engines');
  }

  async remove(): Promise<void> {
    await this.client.close();
    await this.installation.remove();
    await this.mongod.remove();
  }
}
