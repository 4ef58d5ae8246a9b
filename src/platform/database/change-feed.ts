import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';

/** How long the database may keep a question open before it answers that nothing has changed, in milliseconds. */
const PATIENCE_MS = 400;
/** After so long without a question, nobody wants to know, and the database is asked only to keep the stream alive. */
const WANTED_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;
/** The first answer after that is wanted soon. */
const SOON_MS = 20;
/** How long ago everything must have been told for what is remembered to be used, in milliseconds. */
const FRESH_MS = 1_400;
const PAUSE_MS = 500;
/** Most changes in an answer, so that a backlog is read without holding up requests. */
const BATCH = 1_000;

/** A subscriber to the changes of a collection. */
interface Watcher {
  /** The record with this id was changed or removed. */
  changed(id: string): void;
  /** Changes may have been missed: everything may have changed. */
  missed(): void;
  /** Whether new records count as changes: for subscribers that cache the absence of records. */
  readonly hearsOfNew?: boolean;
}

interface Change {
  readonly ns: { readonly coll: string };
  readonly documentKey: { readonly _id: unknown };
}

interface Answer {
  readonly cursor: {
    readonly id: mongo.Long;
    readonly firstBatch?: readonly Change[];
    readonly nextBatch?: readonly Change[];
    readonly postBatchResumeToken?: { readonly _data?: unknown };
  };
  /** No write that a majority had when the question came is later. */
  readonly operationTime?: mongo.Timestamp;
}

/** How far a stream is to be read, and when that was everything. */
interface Mark {
  readonly time: bigint;
  readonly askedAt: number;
}

/**
 * The cluster's time up to which an answer tells everything. It stands at the beginning of the token, also of one
 * without a change, behind a byte that says so.
 */
function toldUntil({ cursor }: Answer): bigint {
  const [, time] = /^82([\dA-F]{16})/.exec(String(cursor.postBatchResumeToken?._data)) ?? [];
  return time === undefined ? -1n : BigInt(`0x${time}`);
}

/**
 * Tells of changes in watched collections, whichever process makes them, by a change stream of MongoDB. What it tells
 * may be old: a stream can be behind. So it knows by the cluster's time how far it has come. While somebody wants to
 * know, its answers come at least every `PATIENCE_MS`, so that silence means a broken stream and not that nothing has
 * changed.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watchers = new Map<string, Watcher[]>();
  /** A time by the process's clock: every change that was acknowledged before it has been told. */
  private toldAt = -Infinity;
  /** When it was asked last whether it is fresh. */
  private wantedAt = -Infinity;
  private wake: (() => void) | undefined;
  private stopped = false;
  /** Ends a question that is open. */
  private interrupt: (() => Promise<unknown>) | undefined;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly logger: PinoLogger,
  ) {}

  /** For the constructors of services: the feed starts when all of them are there. */
  watch(collection: string, watcher: Watcher): void {
    this.watchers.set(collection, [...(this.watchers.get(collection) ?? []), watcher]);
  }

  /** A record was changed or removed: told at once to this process, which need not wait for the stream. */
  note(collection: string, id: string): void {
    for (const watcher of this.watchers.get(collection) ?? []) watcher.changed(id);
  }

  /** Whether every change that is older than `FRESH_MS` has been told; not at first after a while without questions. */
  get isFresh(): boolean {
    this.wantedAt = performance.now();
    this.wake?.();
    return this.wantedAt - this.toldAt < FRESH_MS;
  }

  /** How old what has been told may be, in seconds: infinite while the stream is broken. */
  get ageSeconds(): number {
    return (performance.now() - this.toldAt) / 1000;
  }

  onApplicationBootstrap(): void {
    if (this.watchers.size > 0) void this.follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.toldAt = -Infinity;
    this.wake?.();
    await this.interrupt?.().catch(() => undefined);
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.listen();
      } catch (error) {
        if (this.stopped) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn({ event: 'change_feed_interrupted', reason });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  }

  private async listen(): Promise<void> {
    const { db } = this.connection;
    if (!db) throw new Error('There is no connection');
    try {
      // A cursor belongs to its session.
      await db.client.withSession((session) => this.read(db, session));
    } finally {
      this.toldAt = -Infinity;
      this.interrupt = undefined;
    }
  }

  /** By commands: the driver's stream hides how far it has come. */
  private async read(db: mongo.Db, session: mongo.ClientSession): Promise<void> {
    // The number of a cursor must stay a long, however small it is.
    const options = { session, promoteLongs: false };
    const ask = (command: mongo.Document) => db.command(command, options) as unknown as Promise<Answer>;
    let askedAt = performance.now();
    let answer = await ask({ aggregate: 1, pipeline: this.pipeline, cursor: { batchSize: BATCH } });
    const { id } = answer.cursor;
    const more = { getMore: id, collection: '$cmd.aggregate', batchSize: BATCH };
    this.interrupt = () => db.command({ killCursors: '$cmd.aggregate', cursors: [id] });
    this.tellAll();
    for (let mark: Mark | undefined; ;) {
      const { firstBatch, nextBatch = firstBatch ?? [] } = answer.cursor;
      for (const { ns, documentKey } of nextBatch) this.note(ns.coll, String(documentKey._id));
      mark = this.measure(answer, askedAt, mark);
      // One of a database that was dropped is at its end.
      if (this.stopped || String(answer.cursor.id) === '0') return;
      const maxTimeMS = (await this.rest()) ? SOON_MS : PATIENCE_MS;
      askedAt = performance.now();
      answer = await ask({ ...more, maxTimeMS });
    }
  }

  /** Waits while nobody wants to know. @returns whether it has */
  private async rest(): Promise<boolean> {
    if (this.stopped || performance.now() - this.wantedAt < WANTED_MS) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, KEEP_ALIVE_MS).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
    return true;
  }

  private get pipeline(): mongo.Document[] {
    const withNew = [...this.watchers].filter(([, watchers]) => watchers.some((each) => each.hearsOfNew));
    const told = [
      {
        'ns.coll': { $in: [...this.watchers.keys()] },
        operationType: { $in: ['update', 'replace', 'delete'] },
      },
      { 'ns.coll': { $in: withNew.map(([name]) => name) }, operationType: 'insert' },
    ];
    return [{ $changeStream: {} }, { $match: { $or: told } }, { $project: { ns: 1, documentKey: 1 } }];
  }

  /** Notes how far the stream has come: to the end, or at least to where the end was before. */
  private measure(answer: Answer, askedAt: number, mark: Mark | undefined): Mark | undefined {
    const until = toldUntil(answer);
    const end = answer.operationTime?.toBigInt();
    if (end === undefined) return mark;
    if (until >= end) this.toldAt = askedAt;
    else if (mark && until >= mark.time) this.toldAt = mark.askedAt;
    else if (mark) return mark;
    return { time: end, askedAt };
  }

  /** A stream tells what happens after its opening; what was remembered before may be older. */
  private tellAll(): void {
    for (const watcher of [...this.watchers.values()].flat()) watcher.missed();
  }
}
