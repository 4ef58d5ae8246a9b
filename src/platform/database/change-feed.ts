import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';

/** How long the database may keep a question open before it answers that nothing has changed, in milliseconds. */
const PATIENCE_MS = 250;
/** How old the last answer may be for what is remembered to be used, in milliseconds. */
const FRESH_MS = 1_000;
const PAUSE_MS = 500;

/** Who wants to know of changes in a collection. */
interface Watcher {
  /** The record with this id was changed or removed. */
  changed(id: string): void;
  /** Changes may have been missed: everything may have changed. */
  missed(): void;
  /** Whether new records are changes, too: for who remembers that there is none. */
  readonly hearsOfNew?: boolean;
}

interface Change {
  readonly ns: { readonly coll: string };
  readonly documentKey: { readonly _id: unknown };
}

/**
 * Tells of changes in watched collections, whichever process makes them, by a change stream of MongoDB.
 * Its answers come at least every quarter of a second, so that silence means a broken stream and not that nothing
 * has changed.
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watchers = new Map<string, Watcher[]>();
  /** When the question was asked whose answer came last, by the process's clock. */
  private heardAt = -Infinity;
  private stopped = false;
  private stream: mongo.ChangeStream<mongo.Document, mongo.ChangeStreamDocument> | undefined;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly logger: PinoLogger,
  ) {}

  /** For the constructors of services: the feed starts when all of them are there. */
  watch(collection: string, watcher: Watcher): void {
    this.watchers.set(collection, [...(this.watchers.get(collection) ?? []), watcher]);
  }

  /** Whether every change that is older than a second has been told. */
  get isFresh(): boolean {
    return performance.now() - this.heardAt < FRESH_MS;
  }

  onApplicationBootstrap(): void {
    if (this.watchers.size > 0) void this.follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.stream?.close();
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
    const withNew = [...this.watchers].filter(([, watchers]) => watchers.some((each) => each.hearsOfNew));
    const told = [
      {
        'ns.coll': { $in: [...this.watchers.keys()] },
        operationType: { $in: ['update', 'replace', 'delete'] },
      },
      { 'ns.coll': { $in: withNew.map(([name]) => name) }, operationType: 'insert' },
    ];
    const changes = [{ $match: { $or: told } }, { $project: { ns: 1, documentKey: 1 } }];
    const { db } = this.connection;
    if (!db) throw new Error('There is no connection');
    const stream = db.watch(changes, { maxAwaitTimeMS: PATIENCE_MS });
    this.stream = stream;
    try {
      for (let isOpen = false; !this.stopped; isOpen = true) {
        const askedAt = performance.now();
        const change = (await stream.tryNext()) as Change | null;
        if (!isOpen) this.tellAll();
        if (change) this.tell(change);
        // One of a database that was dropped is at its end, and would answer at once for ever.
        if (stream.closed) return;
        this.heardAt = askedAt;
      }
    } finally {
      this.heardAt = -Infinity;
      await stream.close();
    }
  }

  private tell({ ns, documentKey }: Change): void {
    for (const watcher of this.watchers.get(ns.coll) ?? []) watcher.changed(String(documentKey._id));
  }

  /** A stream tells what happens after its opening; what was remembered before may be older. */
  private tellAll(): void {
    for (const watcher of [...this.watchers.values()].flat()) watcher.missed();
  }
}
