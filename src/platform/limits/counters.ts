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
  private readonly owed = new Map<string, mongo.Document[]>();
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
   * Gives something back to a counter: at once, or as soon as the database can be reached, and in any case before this
   * process changes the counter again.
   * @param stage of an aggregation pipeline that has no further effect when it is repeated
   */
  async giveBack(id: string, stage: mongo.Document): Promise<void> {
    this.owed.set(id, [...(this.owed.get(id) ?? []), stage].slice(-MOST_CHARGES));
    try {
      await this.pay(id);
    } catch (error) {
      if (!isOutage(error)) throw error;
      const [oldest] = this.owed.size > MOST_OWED ? this.owed.keys() : [];
      if (oldest !== undefined) this.owed.delete(oldest);
      this.retry ??= setTimeout(() => void this.payAll(), RETRY_MS).unref();
    }
  }

  private async payAll(): Promise<void> {
    this.retry = undefined;
    try {
      for (const id of this.owed.keys()) await this.pay(id);
    } catch {
      this.retry ??= setTimeout(() => void this.payAll(), RETRY_MS).unref();
    }
  }

  private async pay(id: string): Promise<void> {
    const stages = this.owed.get(id);
    if (!stages) return;
    try {
      await this.collection.updateOne({ _id: id }, stages);
    } catch (error) {
      if (isOutage(error)) throw error;
      this.owed.delete(id);
      throw error;
    }
    // More may have been added meanwhile.
    if (this.owed.get(id) === stages) this.owed.delete(id);
  }

  private get collection(): mongo.Collection<Counter> {
    return driverCollection(this.model);
  }
}

/** The charges of a counter with one more, as an expression. It can be given back once, however often that is tried. */
export function chargedWith(charge: Types.ObjectId): mongo.Document {
  return { $slice: [{ $concatArrays: [CHARGES, [charge]] }, -MOST_CHARGES] };
}

/** How much a charge has added to a counter: 1, or 0 once it was given back or was never made. */
export function chargeOf(charge: Types.ObjectId): mongo.Document {
  return { $cond: [{ $in: [charge, CHARGES] }, 1, 0] };
}

/** The charges without one. */
export function withoutCharge(charge: Types.ObjectId): mongo.Document {
  return { $setDifference: [CHARGES, [charge]] };
}

const CHARGES: mongo.Document = { $ifNull: ['$charges', []] };
