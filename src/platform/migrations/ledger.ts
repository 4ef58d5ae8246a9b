import type { mongo } from 'mongoose';

interface Entry {
  /** The name of the migration. */
  readonly _id: string;
  readonly appliedAt: Date;
  readonly durationMs: number;
}

/** The migrations that a database has had, each recorded after it has run. */
export class Ledger {
  private readonly entries: mongo.Collection<Entry>;

  constructor(db: mongo.Db) {
    this.entries = db.collection<Entry>('migrations');
  }

  /** When each migration was applied, by name, in the order of their names. */
  async read(): Promise<ReadonlyMap<string, Date>> {
    const entries = await this.entries.find({}, { sort: { _id: 1 } }).toArray();
    return new Map(entries.map(({ _id, appliedAt }) => [_id, appliedAt]));
  }

  /** By the clock of the database. Of two processes that did the same work the first one stays written down. */
  async write(name: string, durationMs: number): Promise<void> {
    const first = (field: string, value: unknown) => ({ $ifNull: [`$${field}`, value] });
    await this.entries.updateOne(
      { _id: name },
      [
        {
          $set: { appliedAt: first('appliedAt', '$$NOW'), durationMs: first('durationMs', durationMs) },
        },
      ],
      { upsert: true },
    );
  }
}
