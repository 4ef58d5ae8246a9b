import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';

/** How long the database may hold a `getMore` open before it answers that nothing has changed, in milliseconds. */
const PATIENCE_MS = 400;
/** Without calls of `isFresh` for this long the feed is idle, and polls only to keep the stream alive. */
const WANTED_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;
/** The first answer after an idle time should come soon. */
const SOON_MS = 20;
/** Caches may be used if all changes older than this have been reported, in milliseconds. */
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
  readonly includesNew?: boolean;
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
  /** No write that was majority-committed when the request arrived is later. */
  readonly operationTime?: mongo.Timestamp;
}

/** A position in the stream, and when there was nothing after it. */
interface Mark {
  readonly time: bigint;
  readonly askedAt: number;
}

/**
 * The cluster time up to which an answer is complete. It is at the beginning of every resume token, even without a
 * change, after a type byte.
 */
function completeUntil({ cursor }: Answer): bigint {
  const [, time] = /^82([\dA-F]{16})/.exec(String(cursor.postBatchResumeToken?._data)) ?? [];
  return time === undefined ? -1n : BigInt(`0x${time}`);
}

/**
 * Reports changes of watched collections, whichever process makes them, from a MongoDB change stream. A stream can lag
 * behind, so the feed measures by cluster time how far it has got. While it is in use the database answers at least
 * every `PATIENCE_MS`, so that silence means a broken stream and not that nothing has changed.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watchers = new Map<string, Watcher[]>();
  /** On the process's clock: every change acknowledged before this time has been reported. */
  private upToDateAt = -Infinity;
  /** The last call of `isFresh`. */
  private wantedAt = -Infinity;
  private wake: (() => void) | undefined;
  private stopped = false;
  /** Ends an open `getMore`. */
  private interrupt: (() => Promise<unknown>) | undefined;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly logger: PinoLogger,
  ) {}

  /** For constructors of services: the feed starts once all of them have been created. */
  watch(collection: string, watcher: Watcher): void {
    this.watchers.set(collection, [...(this.watchers.get(collection) ?? []), watcher]);
  }

  /** Reports a changed or removed record in this process at once, without waiting for the stream. */
  note(collection: string, id: string): void {
    for (const watcher of this.watchers.get(collection) ?? []) watcher.changed(id);
  }

  /** Whether every change older than `FRESH_MS` has been reported. False at first after an idle time. */
  get isFresh(): boolean {
    this.wantedAt = performance.now();
    this.wake?.();
    return this.wantedAt - this.upToDateAt < FRESH_MS;
  }

  /** How far the reports may lag behind, in seconds; infinite while the stream is broken. */
  get ageSeconds(): number {
    return (performance.now() - this.upToDateAt) / 1000;
  }

  onApplicationBootstrap(): void {
    if (this.watchers.size > 0) void this.follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.upToDateAt = -Infinity;
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
      this.upToDateAt = -Infinity;
      this.interrupt = undefined;
    }
  }

  /** Uses commands, because the driver's stream hides its position. */
  private async read(db: mongo.Db, session: mongo.ClientSession): Promise<void> {
    // A cursor id must be sent as a long, however small it is.
    const options = { session, promoteLongs: false };
    const ask = (command: mongo.Document) => db.command(command, options) as unknown as Promise<Answer>;
    let askedAt = performance.now();
    let answer = await ask({ aggregate: 1, pipeline: this.pipeline, cursor: { batchSize: BATCH } });
    const { id } = answer.cursor;
    const more = { getMore: id, collection: '$cmd.aggregate', batchSize: BATCH };
    this.interrupt = () => db.command({ killCursors: '$cmd.aggregate', cursors: [id] });
    this.notifyMissed();
    for (let mark: Mark | undefined; ;) {
      const { firstBatch, nextBatch = firstBatch ?? [] } = answer.cursor;
      for (const { ns, documentKey } of nextBatch) this.note(ns.coll, String(documentKey._id));
      mark = this.measure(answer, askedAt, mark);
      // The stream of a dropped database has ended.
      if (this.stopped || String(answer.cursor.id) === '0') return;
      const maxTimeMS = (await this.rest()) ? SOON_MS : PATIENCE_MS;
      askedAt = performance.now();
      answer = await ask({ ...more, maxTimeMS });
    }
  }

  /** Waits while the feed is idle. @returns whether it has waited */
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
    const withNew = [...this.watchers].filter(([, watchers]) => watchers.some((each) => each.includesNew));
    const matches = [
      {
        'ns.coll': { $in: [...this.watchers.keys()] },
        operationType: { $in: ['update', 'replace', 'delete'] },
      },
      { 'ns.coll': { $in: withNew.map(([name]) => name) }, operationType: 'insert' },
    ];
    return [{ $changeStream: {} }, { $match: { $or: matches } }, { $project: { ns: 1, documentKey: 1 } }];
  }

  /** Records the stream's progress: to its end, or at least to where the end was before. */
  private measure(answer: Answer, askedAt: number, mark: Mark | undefined): Mark | undefined {
    const until = completeUntil(answer);
    const end = answer.operationTime?.toBigInt();
    if (end === undefined) return mark;
    if (until >= end) this.upToDateAt = askedAt;
    else if (mark && until >= mark.time) this.upToDateAt = mark.askedAt;
    else if (mark) return mark;
    return { time: end, askedAt };
  }

  /** A stream reports changes after it was opened; what was cached before may be outdated. */
  private notifyMissed(): void {
    for (const watcher of [...this.watchers.values()].flat()) watcher.missed();
  }
}
