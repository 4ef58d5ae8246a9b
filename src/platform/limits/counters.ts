import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo, Types } from 'mongoose';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { driverCollection } from '../database/driver.js';
import { duplicateKeyOf, isOutage } from '../errors/driver-errors.js';
import { Counter } from './counter.schema.js';

/** How many charges of a counter can still be given back. */
const MOST_CHARGES = 20;
/** Counters that this process remembers to give something back to, at most. */
const MOST_OWED = 10_000;
/** When the database is asked again after it could not be reached, in milliseconds. */
const RETRY_MS = 1_000;

/** Counters that all processes share, changed atomically. */
@Injectable()
export class Counters implements OnApplicationShutdown {
  private readonly mac: KeyedMac;
  /** What could not be given back yet, by counter. */
  private readonly owed = new Map<string, readonly Types.ObjectId[]>();
  private retry: NodeJS.Timeout | undefined;

  constructor(
    @InjectModel(Counter.name) private readonly model: Model<Counter>,
    config: CryptoConfig,
  ) {
    this.mac = new KeyedMac(config, 'counter');
  }

  onApplicationShutdown(): void {
    clearTimeout(this.retry);
  }

  /** The id of the counter of `subject`; `name` says what is counted. */
  idOf(name: string, subject: string): string {
    return this.mac.text(JSON.stringify([name, subject]));
  }

  /**
   * Changes a counter, creating it if necessary.
   * @param stages of an aggregation pipeline
   * @returns the counter as it was before, or null
   */
  async change(id: string, stages: mongo.Document[]): Promise<Counter | null> {
    if (this.owed.has(id)) await this.pay(id);
    const change = () =>
      this.collection.findOneAndUpdate({ _id: id }, stages, { upsert: true, returnDocument: 'before' });
    // If two processes create it at the same time, the second one finds it.
    return change().catch((error: unknown) => {
      if (!duplicateKeyOf(error)) throw error;
      return change();
    });
  }

  /**
   * Gives a charge back, with the delay that it may have caused: at once, or as soon as the database can be reached, and
   * in any case before this process changes the counter again. What was never charged changes nothing.
   */
  async giveBack(id: string, charge: Types.ObjectId): Promise<void> {
    this.owed.set(id, [...(this.owed.get(id) ?? []), charge].slice(-MOST_CHARGES));
    try {
      await this.pay(id);
    } catch (error) {
      if (!isOutage(error)) throw error;
      const [oldest] = this.owed.size > MOST_OWED ? this.owed.keys() : [];
      if (oldest !== undefined) this.owed.delete(oldest);
      this.payLater();
    }
  }

  /** Forgets all that was counted, and what this process owes. */
  async remove(id: string): Promise<void> {
    await this.collection.deleteOne({ _id: id });
    this.owed.delete(id);
  }

  private payLater(): void {
    this.retry ??= setTimeout(() => void this.payAll(), RETRY_MS).unref();
  }

  private async payAll(): Promise<void> {
    this.retry = undefined;
    try {
      for (const id of this.owed.keys()) await this.pay(id);
    } catch {
      this.payLater();
    }
  }

  private async pay(id: string): Promise<void> {
    const charges = this.owed.get(id);
    if (!charges) return;
    const given = { $size: { $setIntersection: [CHARGES, charges] } };
    const $set = {
      count: { $max: [0, { $subtract: ['$count', given] }] },
      blockedUntil: { $cond: [given, '$$REMOVE', '$blockedUntil'] },
      charges: { $setDifference: [CHARGES, charges] },
    };
    await this.collection.updateOne({ _id: id }, [{ $set }]).catch((error: unknown) => {
      if (!isOutage(error)) this.owed.delete(id);
      throw error;
    });
    // More may have been added meanwhile.
    if (this.owed.get(id) === charges) this.owed.delete(id);
  }

  private get collection(): mongo.Collection<Counter> {
    return driverCollection(this.model);
  }
}

/** The charges of a counter with one more, as an expression. It can be given back once, however often that is tried. */
export function chargedWith(charge: Types.ObjectId): mongo.Document {
  return { $slice: [{ $concatArrays: [CHARGES, [charge]] }, -MOST_CHARGES] };
}

const CHARGES: mongo.Document = { $ifNull: ['$charges', []] };
