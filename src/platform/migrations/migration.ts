import type { mongo } from 'mongoose';
import { StartError } from '../errors/start-error.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { HiddenKeys } from '../validation/hidden-keys.js';

/** What a migration works with. */
export interface MigrationContext {
  /** The driver's, without models: what a migration does stays the same when schemas change later. */
  readonly db: mongo.Db;
  /**
   * Tells people how far the work is: `40,000 of 100,000 users`. Long work calls it after each batch, and stops where
   * it throws: the lock was lost, and another process may do the work by now.
   */
  readonly progress: (done: string) => void;
  /** Tells people what the step leaves for them to decide, by ids: it may be logged. */
  readonly notice: (text: string) => void;
}

/** A step from one version of the database to the next. */
export interface Migration {
  /** The name of its file: `20261128143000-invoice-currency`. Never changes once it has been released. */
  readonly name: string;
  /**
   * Does the work. Must bear being done again: a process that dies in its middle, or before the ledger says that it
   * was done, leaves it to the next one. What it writes must suit the code before it as well, which still runs.
   */
  up(context: MigrationContext): Promise<void>;
}

/** The database cannot be brought up to date. The message is for people, and quotes no value of a record. */
export class MigrationError extends StartError {}

/** What went wrong, without the value that a duplicate key error quotes. */
export function reasonOf(error: unknown): string {
  const fields = duplicateKeyOf(error);
  if (fields) return `several records have the same ${fields.join(', ') || 'value in a unique index'}`;
  return error instanceof Error ? error.message : String(error);
}

/** Records that a step changes at a time: well within what an operation may take. */
const BATCH = 1000;

/**
 * Changes the records that a filter finds, a batch at a time. Bears being done again where the change takes them out
 * of the filter.
 * @param tell is told how many are changed
 */
export async function updateInBatches(
  records: mongo.Collection,
  filter: mongo.Filter<mongo.Document>,
  update: mongo.UpdateFilter<mongo.Document> | mongo.Document[],
  tell: (done: number) => void,
): Promise<void> {
  let done = 0;
  let ids: mongo.ObjectId[] = [];
  const write = async (): Promise<void> => {
    tell(done);
    await records.updateMany({ _id: { $in: ids }, ...filter }, update);
    done += ids.length;
    ids = [];
  };
  // In the order of an existing index, so that each record is read only once.
  for await (const { _id } of records.find(filter, { projection: { _id: 1 }, sort: { _id: 1 } })) {
    ids.push(_id);
    if (ids.length === BATCH) await write();
  }
  if (ids.length > 0) await write();
}

/**
 * Gives the records of a collection that lack a field a value of it, and raises their version: they are answered
 * differently from then on. Bears being done again.
 * @param values what each field becomes where it is missing: `{ currency: 'EUR' }`
 */
export async function setWhereMissing(
  { db, progress }: Pick<MigrationContext, 'db' | 'progress'>,
  collection: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const records = db.collection(collection);
  for (const [field, value] of Object.entries(values)) {
    const lacking = { [field]: { $exists: false } };
    const count = await records.countDocuments(lacking);
    const update = { $set: { [field]: value }, $inc: { version: 1 } };
    await updateInBatches(records, lacking, update, (done) =>
      progress(`${done} of ${count} ${collection} have ${field}`),
    );
  }
}

/** Deletes the indexes that fields are in, or what lists sort by in their place. Bears being done again. */
export async function removeIndexes(
  { db }: Pick<MigrationContext, 'db'>,
  collection: string,
  fields: readonly string[],
): Promise<void> {
  const found = await db.listCollections({ name: collection }).toArray();
  const indexes = found.length > 0 ? await db.collection(collection).indexes() : [];
  const isOfThem = (key: string) => fields.includes(key.replace(/^_/, ''));
  for (const { name, key } of indexes) {
    if (Object.keys(key).some(isOfThem)) await db.collection(collection).dropIndex(String(name));
  }
}

/**
 * Deletes fields that nothing reads any more from the records of a collection, with the indexes that they are in.
 * Answers stay the same. Bears being done again.
 */
export async function removeFields(
  context: Pick<MigrationContext, 'db' | 'progress'>,
  collection: string,
  fields: readonly string[],
): Promise<void> {
  await removeIndexes(context, collection, fields);
  const keys = fields.flatMap((field) => [field, `_${field}`]);
  const having = { $or: keys.map((key) => ({ [key]: { $exists: true } })) };
  const update = { $unset: Object.fromEntries(keys.map((key) => [key, ''])) };
  await updateInBatches(context.db.collection(collection), having, update, (done) =>
    context.progress(`${done} ${collection} are without ${fields.join(', ')}`),
  );
}

/**
 * Gives fields of the records of a collection other names, with what lists sort by in their place, and raises the
 * version of the records: they are answered differently from then on. Indexes of the old names are deleted first, since
 * unique ones would refuse all records but one without them; the last step creates those of the new names. The version
 * before must not run meanwhile. Bears being done again.
 * @param names the new name of each field: `{ dueAt: 'payBy' }`
 */
export async function renameFields(
  context: Pick<MigrationContext, 'db' | 'progress'>,
  collection: string,
  names: Readonly<Record<string, string>>,
): Promise<void> {
  await removeIndexes(context, collection, Object.keys(names));
  const keys = Object.entries(names).flatMap(([old, name]) => [
    [old, name],
    [`_${old}`, `_${name}`],
  ]);
  const having = { $or: keys.map(([old = '']) => ({ [old]: { $exists: true } })) };
  const update = { $rename: Object.fromEntries(keys) as Record<string, string>, $inc: { version: 1 } };
  await updateInBatches(context.db.collection(collection), having, update, (done) =>
    context.progress(`${done} ${collection} have ${Object.values(names).join(', ')}`),
  );
}

/**
 * Stores what the lists of a feature are sorted and searched by beside the texts of the records that are there. Answers
 * stay the same. Bears being done again; a text that changes meanwhile is left to whoever changes it.
 */
export async function setListKeys(
  { db, progress }: Pick<MigrationContext, 'db' | 'progress'>,
  collection: string,
  {
    sorted = [],
    searched = [],
  }: { readonly sorted?: readonly string[]; readonly searched?: readonly string[] },
): Promise<void> {
  const records = db.collection(collection);
  const keys = new HiddenKeys(sorted, searched);
  const fields = [...new Set([...sorted, ...searched])];
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  const count = await records.estimatedDocumentCount();
  let done = 0;
  let writes: mongo.AnyBulkWriteOperation[] = [];
  const write = async (): Promise<void> => {
    progress(`${done} of ${count} ${collection} have the keys of ${fields.join(', ')}`);
    await records.bulkWrite(writes, { ordered: false });
    done += writes.length;
    writes = [];
  };
  for await (const { _id, ...texts } of records.find({}, { projection, sort: { _id: 1 } })) {
    const same = Object.fromEntries(fields.map((field) => [field, (texts[field] as unknown) ?? null]));
    writes.push({ updateOne: { filter: { _id, ...same }, update: { $set: keys.ofNew(texts) } } });
    if (writes.length === BATCH) await write();
  }
  if (writes.length > 0) await write();
}
