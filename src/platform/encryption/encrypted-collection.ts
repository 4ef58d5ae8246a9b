import { type mongo, Types } from 'mongoose';
import { projectionFault } from './encrypted-fields.js';
import type { RecordCipher } from './record-cipher.js';

type Fields = Readonly<Record<string, unknown>>;
type Options = Fields | undefined;
type Found = { readonly _id: unknown };

/**
 * The methods of a driver's collection that can serve encrypted fields: they encrypt a copy of what is written and
 * decrypt what is read. They refuse, before anything is sent, what would look for an encrypted field, and a text
 * for a record that is not named by its id, to which the text is bound.
 */
export class EncryptedCollection {
  constructor(
    private readonly collection: mongo.Collection,
    private readonly cipher: RecordCipher,
  ) {}

  find(filter: Fields, options: Options): mongo.FindCursor {
    this.check(filter, options);
    return this.collection.find(filter, options).map((record) => this.cipher.open(record as Found));
  }

  async findOne(filter: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.opened(await this.collection.findOne(filter, options));
  }

  async findOneAndUpdate(filter: Fields, update: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    const sealed = this.sealUpdate(filter, update);
    return this.opened(await this.collection.findOneAndUpdate(filter, sealed, options ?? {}), options);
  }

  async findOneAndReplace(filter: Fields, record: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    const sealed = this.seal(idNamedBy(filter), record);
    return this.opened(await this.collection.findOneAndReplace(filter, sealed, options ?? {}), options);
  }

  async findOneAndDelete(filter: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.opened(await this.collection.findOneAndDelete(filter, options ?? {}), options);
  }

  async countDocuments(filter: Fields, options: Options): Promise<number> {
    this.check(filter, options);
    return this.collection.countDocuments(filter, options);
  }

  async distinct(field: string, filter: Fields, options: Options): Promise<unknown[]> {
    this.cipher.refuse({ [field]: 1 });
    this.check(filter, options);
    return this.collection.distinct(field, filter, options ?? {});
  }

  async insertOne(record: Fields, options: Options): Promise<unknown> {
    return this.collection.insertOne(this.sealNew(record), options);
  }

  async insertMany(records: readonly Fields[], options: Options): Promise<unknown> {
    const sealed = records.map((record) => this.sealNew(record));
    return this.collection.insertMany(sealed, options);
  }

  async updateOne(filter: Fields, update: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.collection.updateOne(filter, this.sealUpdate(filter, update), options);
  }

  async updateMany(filter: Fields, update: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.collection.updateMany(filter, this.sealUpdate(filter, update), options);
  }

  async replaceOne(filter: Fields, record: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.collection.replaceOne(filter, this.seal(idNamedBy(filter), record), options);
  }

  async deleteOne(filter: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.collection.deleteOne(filter, options);
  }

  async deleteMany(filter: Fields, options: Options): Promise<unknown> {
    this.check(filter, options);
    return this.collection.deleteMany(filter, options);
  }

  private check(filter: Fields, options: Options): void {
    this.cipher.refuse(filter);
    const sort = options?.['sort'] ?? {};
    // Mongoose makes each sort an object; the driver takes other forms.
    const isForeign = typeof sort !== 'object' || Array.isArray(sort) || sort instanceof Map;
    if (isForeign) throw new Error('A sort in this form may reach an encrypted field');
    this.cipher.refuse(sort);
    const fault = projectionFault(this.cipher.fields, options?.['projection'] as Options);
    if (fault !== undefined) throw new Error(`Nothing can decrypt after a projection that ${fault}`);
  }

  private opened(answer: unknown, options?: Options): unknown {
    const found = options?.['includeResultMetadata'] ? (answer as { value: unknown }).value : answer;
    if (found) this.cipher.open(found as Found);
    return answer;
  }

  private sealNew(record: Fields): Fields {
    // As the driver does it, which would add the id to the copy.
    if (record['_id'] === undefined) Object.assign(record, { _id: new Types.ObjectId() });
    return this.seal(record['_id'], record);
  }

  /** @param id of the record, where it is known */
  private seal(id: unknown, fields: Fields): Fields {
    const written = [...this.cipher.fields].filter((name) => (fields[name] ?? null) !== null);
    if (written.length === 0) return fields;
    if (id instanceof Types.ObjectId) return this.cipher.seal(String(id), fields);
    throw new Error(`To encrypt ${written.join(', ')}, name the record by its _id: a text is bound to it`);
  }

  private sealUpdate(filter: Fields, update: Fields): Fields {
    if (Array.isArray(update)) throw new Error('An update by a pipeline may reach an encrypted field');
    const sealed: Record<string, unknown> = { ...update };
    for (const [operator, changes] of Object.entries(update)) {
      if (operator === '$unset') continue;
      if (operator !== '$set' && operator !== '$setOnInsert') {
        this.cipher.refuse({ [operator]: changes });
        continue;
      }
      const nested = Object.keys(changes as Fields).filter((key) => key.includes('.'));
      this.cipher.refuse(nested.map((key) => ({ [key]: 1 })));
      sealed[operator] = this.seal(idNamedBy(filter), changes as Fields);
    }
    return sealed;
  }
}

/** The id that every record has which a filter finds, and so one record at most. */
function idNamedBy({ _id }: Fields): unknown {
  return typeof _id === 'object' && _id !== null && '$eq' in _id ? _id.$eq : _id;
}
