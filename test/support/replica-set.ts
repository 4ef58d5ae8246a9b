import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { freeze } from '../../src/embedded-mongo/fixtures/processes.js';
import { resolveMongod } from '../../src/embedded-mongo/mongod-binary.js';
import { freePort } from '../../src/embedded-mongo/mongod-process.js';
import { Relay } from './relay.js';
import { IS_SOAK } from './soak.js';

/** A member of a set, with the one way to it that everybody takes. */
export class Member {
  private mongod: ChildProcess | undefined;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly port: number,
    readonly relay: Relay,
  ) {}

  static async create(program: string, folder: string): Promise<Member> {
    await mkdir(folder);
    const port = await freePort();
    return new Member(program, folder, port, await Relay.to(() => port));
  }

  get host(): string {
    return `127.0.0.1:${this.relay.port}`;
  }

  /** In the gate MongoDB gives up a transaction that nobody ends after 5 s; its own 60 in a soak. */
  async start(): Promise<void> {
    this.mongod = spawn(
      this.program,
      [
        `--dbpath=${this.folder}`,
        `--port=${this.port}`,
        '--bind_ip=127.0.0.1',
        '--nounixsocket',
        '--quiet',
        '--replSet=rs0',
        '--oplogSize=64',
        '--wiredTigerCacheSizeGB=0.25',
        '--wiredTigerEngineConfigString=log=(prealloc=false,file_max=16MB)',
        '--setParameter=diagnosticDataCollectionEnabled=false',
        `--setParameter=transactionLifetimeLimitSeconds=${IS_SOAK ? 60 : 5}`,
      ],
      { stdio: 'ignore' },
    );
    await once(this.mongod, 'spawn');
  }

  async freeze(): Promise<void> {
    await freeze(this.mongod?.pid ?? 0);
  }

  thaw(): void {
    this.mongod?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (!this.mongod || this.mongod.exitCode !== null || this.mongod.signalCode !== null) return;
    const gone = once(this.mongod, 'exit');
    this.mongod.kill('SIGKILL');
    await gone;
  }

  /** Asks the member itself, also when its way is cut. */
  async ask(command: mongo.Document): Promise<mongo.Document> {
    const options = { directConnection: true, serverSelectionTimeoutMS: 1_000, socketTimeoutMS: 2_000 };
    const client = new mongoose.mongo.MongoClient(`mongodb://127.0.0.1:${this.port}/`, options);
    try {
      return await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  }

  async isPrimary(): Promise<boolean> {
    const hello = await this.ask({ hello: 1 }).catch(() => undefined);
    return hello?.['isWritablePrimary'] === true;
  }

  /**
   * Whether the connection from this port to that relay is one of its own. One port may have connections to several
   * others, and to those that are closed and still remembered.
   */
  holds(port: number, relay: Relay): boolean {
    const ends = [port, relay.port].map((each) => `:${each.toString(16).toUpperCase().padStart(4, '0')}`);
    const [, , , , , , , , , inode] =
      readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .find(([, ...addresses]) => ends.every((end, at) => addresses[at]?.endsWith(end))) ?? [];
    const fds = `/proc/${this.mongod?.pid}/fd`;
    return readdirSync(fds).some((fd) => linkOf(join(fds, fd)) === `socket:[${inode}]`);
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** A set's configuration, as far as it is changed here. */
interface Config {
  readonly version: number;
  readonly settings: object;
}

/** Three mongods on this machine, of which any may be killed, frozen, stepped down and cut off. */
export class ReplicaSet {
  private constructor(
    private readonly folder: string,
    readonly members: readonly Member[],
  ) {}

  /** @param electionTimeoutMillis how long the others wait for a primary that is silent */
  static async start(electionTimeoutMillis: number): Promise<ReplicaSet> {
    const folder = await mkdtemp(join(tmpdir(), 'product-set-'));
    const binary = process.env['MONGOD_BINARY'];
    const { path } = await resolveMongod({ binary, env: process.env, log: process.stderr });
    const members: Member[] = [];
    for (const name of ['a', 'b', 'c']) members.push(await Member.create(path, join(folder, name)));
    await Promise.all(members.map((member) => member.start()));
    const set = new ReplicaSet(folder, members);
    const config = { _id: 'rs0', members: members.map(({ host }, _id) => ({ _id, host })) };
    const [first] = members;
    await retried(async () => first?.ask({ replSetInitiate: config }));
    // The first election has MongoDB's own patience: a machine that is busy starting three servers needs it.
    const primary = await set.primary();
    const settings = { electionTimeoutMillis, heartbeatIntervalMillis: 500, heartbeatTimeoutSecs: 2 };
    await retried(async () => {
      const { config: now } = (await primary.ask({ replSetGetConfig: 1 })) as { config: Config };
      const next = { ...now, version: now.version + 1, settings: { ...now.settings, ...settings } };
      await primary.ask({ replSetReconfig: next });
    });
    return set;
  }

  get uri(): string {
    return `mongodb://${this.members.map(({ host }) => host).join()}/product?replicaSet=rs0`;
  }

  /** Resolves with the primary once there is one among these. */
  primary(among: readonly Member[] = this.members): Promise<Member> {
    return retried(async () => {
      const are = await Promise.all(among.map((member) => member.isPrimary()));
      const member = among[are.indexOf(true)];
      if (!member) throw new Error('There is no primary');
      return member;
    });
  }

  others(member: Member): Member[] {
    return this.members.filter((each) => each !== member);
  }

  /** Loses all packets between this member and the others; who is no member goes on reaching all. */
  cutOff(member: Member): void {
    const others = this.others(member);
    member.relay.isCutFor = remembered((port) => others.some((each) => each.holds(port, member.relay)));
    for (const { relay } of others) relay.isCutFor = remembered((port) => member.holds(port, relay));
  }

  /** Lets everything pass again; what was cut is connected anew. */
  heal(): void {
    for (const { relay } of this.members) {
      relay.isCutFor = () => false;
      relay.breakAll();
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    for (const { relay } of this.members) relay.close();
    await rm(this.folder, { recursive: true });
  }
}

function remembered(look: (port: number) => boolean): (port: number) => boolean {
  const known = new Map<number, boolean>();
  return (port) => {
    const found = known.get(port) ?? look(port);
    known.set(port, found);
    return found;
  };
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (const giveUp = Date.now() + 30_000; ;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > giveUp) throw error;
      await sleep(50);
    }
  }
}
