import { Injectable } from '@nestjs/common';
import mongoose, { type mongo, Types } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { ExecutionStore } from './store.js';

/** Rings within this time are one, in milliseconds. */
const TOGETHER_MS = 200;
/** How long the database may keep a question open, in milliseconds. */
const PATIENCE_MS = 10_000;
/** When listening is tried again where it broke off, in milliseconds. */
const AGAIN_MS = 2_000;
const NAMESPACE_EXISTS = 48;
/** A capped collection keeps so little: a ring is of no interest later. */
const ROOM = { capped: true, size: 4_096, max: 8 } as const;

interface Ring {
  readonly _id: Types.ObjectId;
  readonly by: Types.ObjectId;
}

/**
 * Wakes engines in other processes. It is a capped collection: waiting at its end costs nothing until something is
 * added, however much is written elsewhere. A ring that is lost delays a claim until the next look, nothing else.
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

  /** Hears the others, until `stop`. */
  async listen(hear: () => void): Promise<void> {
    for (this.isListening = true; this.isListening;) {
      try {
        // Nobody can wait at the end of an empty collection.
        await this.add();
        const others = { by: { $ne: this.me } };
        const options = { tailable: true, awaitData: true, maxAwaitTimeMS: PATIENCE_MS };
        for await (const _ of this.rings.find(others, options)) if (this.isListening) hear();
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

  /** Each time: a database may be dropped, and an insert would make a collection at whose end nobody can wait. */
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
