import { Injectable } from '@nestjs/common';
import mongoose, { type mongo, Types } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { ExecutionStore } from '../store/execution-store.js';

/** Rings within this time are combined, in milliseconds. */
const TOGETHER_MS = 200;
/** How long the database may hold a `getMore` open, in milliseconds. */
const PATIENCE_MS = 10_000;
/** The pause before listening is retried after an error, in milliseconds. */
const AGAIN_MS = 2_000;
const NAMESPACE_EXISTS = 48;
/** Small, because old rings are of no interest. */
const ROOM = { capped: true, size: 4_096, max: 8 } as const;

interface Ring {
  readonly _id: Types.ObjectId;
  readonly by: Types.ObjectId;
}

/**
 * Wakes engines in other processes, through a capped collection: a tailable cursor costs nothing until a document is
 * added, however much is written elsewhere. A lost ring only delays a claim until the next poll.
 */
@Injectable()
export class Bell {
  private readonly me = new Types.ObjectId();
  private isDue = false;
  private timer: NodeJS.Timeout | undefined;
  private isListening = false;

  constructor(
    private readonly store: ExecutionStore,
    private readonly logger: PinoLogger,
  ) {}

  /** Wakes the others: at once, or a moment later if it has just rung. */
  ring(): void {
    this.isDue = this.timer !== undefined;
    if (this.isDue) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isDue) this.ring();
    }, TOGETHER_MS).unref();
    this.add().catch((error: Error) => this.warn(error));
  }

  /** Listens to other processes until `stop`. */
  async listen(onRing: () => void): Promise<void> {
    for (this.isListening = true; this.isListening;) {
      try {
        // A tailable cursor on an empty collection ends at once.
        await this.add();
        const others = { by: { $ne: this.me } };
        const options = { tailable: true, awaitData: true, maxAwaitTimeMS: PATIENCE_MS };
        for await (const _ of this.rings.find(others, options)) if (this.isListening) onRing();
      } catch (error) {
        if (this.isListening) this.warn(error as Error);
      }
      if (this.isListening) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    }
  }

  stop(): void {
    this.isListening = false;
  }

  private async add(): Promise<void> {
    await this.make();
    await this.rings.insertOne({ _id: new Types.ObjectId(), by: this.me }, { writeConcern: { w: 1 } });
  }

  /** Each time, because after the database is dropped an insert would create a collection that is not capped. */
  private async make(): Promise<void> {
    try {
      await this.store.db.createCollection('execution_bells', { ...ROOM, writeConcern: { w: 1 } });
    } catch (error) {
      const isThere = error instanceof mongoose.mongo.MongoServerError && error.code === NAMESPACE_EXISTS;
      if (!isThere) throw error;
    }
  }

  private get rings(): mongo.Collection<Ring> {
    return this.store.db.collection<Ring>('execution_bells');
  }

  private warn({ message }: Error): void {
    this.logger.warn({ event: 'execution_engine', reason: message });
  }
}
