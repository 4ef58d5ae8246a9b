import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { driverCollection } from '../database/driver.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { Counter } from './counter.schema.js';

/** Counters that all processes share, changed atomically. */
@Injectable()
export class Counters {
  private readonly mac: KeyedMac;

  constructor(
    @InjectModel(Counter.name) private readonly model: Model<Counter>,
    config: CryptoConfig,
  ) {
    this.mac = new KeyedMac(config, 'counter');
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
    const change = () =>
      this.collection.findOneAndUpdate({ _id: id }, stages, { upsert: true, returnDocument: 'before' });
    // If two processes create it at the same time, the second one finds it.
    return change().catch((error: unknown) => {
      if (!duplicateKeyOf(error)) throw error;
      return change();
    });
  }

  async remove(id: string): Promise<void> {
    await this.collection.deleteOne({ _id: id });
  }

  private get collection(): mongo.Collection<Counter> {
    return driverCollection(this.model);
  }
}
