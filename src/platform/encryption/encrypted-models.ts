import mongoose, { type Collection, type Connection, type Model, type SchemaType } from 'mongoose';
import { EncryptedCollection } from './encrypted-collection.js';
import { encryptedFieldsOf } from '../database/field-encryption.js';
import { checkEncryptedFields } from './encrypted-fields.js';
import type { RecordCiphers } from './record-cipher.js';

const { CastError, ValidatorError } = mongoose.Error;

type Method = (...parameters: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;

/** Methods of a collection that neither answer nor change values of records. */
const UNTOUCHED: ReadonlySet<string> = new Set([
  'estimatedDocumentCount',
  'options',
  'isCapped',
  'drop',
  'createIndex',
  'dropIndex',
  'dropIndexes',
  'listIndexes',
  'indexes',
  'indexExists',
  'indexInformation',
]);

/** What the driver's collections can do. */
const METHODS = Object.entries(Object.getOwnPropertyDescriptors(mongoose.mongo.Collection.prototype))
  .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
  .map(([name]) => name);

/** Stands for a text in errors, which may come to logs and answers. */
const HIDDEN = '[hidden]';

/** A collection with fields that are encrypted, as the models know it that stand on it. */
interface Encrypted {
  readonly collection: Collection;
  /** Of all its models: one may read what another has written. */
  readonly fields: Set<string>;
}

/**
 * Makes the models of a connection encrypt what they write to fields that are declared as `encrypted`, and decrypt
 * what they read. What cannot be honoured is refused; a declaration that asks for it makes no model.
 */
export function encryptModels(connection: Connection, ciphers: RecordCiphers): Connection {
  const known = new Map<string, Encrypted>();
  // A plugin would not do: it stays with a schema, which serves many connections, and discriminators go without.
  connection.on('model', (model: Model<unknown>) => {
    checkEncryptedFields(model.schema);
    const fields = encryptedFieldsOf(model.schema);
    for (const field of fields) hideValues(model.schema.path(field));
    const { name } = model.collection;
    const encrypted = known.get(name) ?? (fields.size > 0 ? encrypt(model.collection, ciphers) : undefined);
    if (!encrypted) return;
    known.set(name, encrypted);
    for (const field of fields) encrypted.fields.add(field);
    const others = Object.values(connection.models).filter(({ collection }) => collection.name === name);
    for (const each of [model, ...others]) settle(each, encrypted);
  });
  const bulkWrite = connection.bulkWrite.bind(connection) as Method;
  // It goes past the collections of its models.
  const guarded = async (operations: readonly { model: string | Model<unknown> }[], options: unknown) => {
    for (const { model } of operations) {
      const { collection } = typeof model === 'string' ? connection.model(model) : model;
      const encrypted = known.get(collection.name);
      if (encrypted) refuse('bulkWrite', encrypted.fields);
    }
    return bulkWrite(operations, options);
  };
  return Object.assign(connection, { bulkWrite: guarded });
}

/** The collection for models. A method that is not known to be safe is refused. */
function encrypt(collection: Collection, ciphers: RecordCiphers): Encrypted {
  const fields = new Set<string>();
  const cipher = ciphers.on(collection.name, fields);
  const served = new EncryptedCollection(collection, cipher) as unknown as Methods;
  const methods = METHODS.filter((name) => !UNTOUCHED.has(name)).map((name) => {
    const value: Method = served[name]?.bind(served) ?? (() => refuse(name, fields));
    return [name, { value }] as const;
  });
  return { collection: Object.create(collection, Object.fromEntries(methods)) as Collection, fields };
}

/** Gives a model its collection, through which everything goes that it and its documents do, for good. */
function settle(model: Model<unknown>, { collection, fields }: Encrypted): void {
  const made: unknown = Object.getPrototypeOf(collection);
  for (const holder of [model, model.prototype] as object[]) {
    for (const key of Reflect.ownKeys(holder)) {
      if (Object.getOwnPropertyDescriptor(holder, key)?.value === made) Reflect.set(holder, key, collection);
    }
  }
  const move = () => refuse('A model on another connection or collection', fields);
  Object.assign(model, { useConnection: move, __subclass: move });
}

function refuse(operation: string, fields: ReadonlySet<string>): never {
  throw new Error(`${operation} can neither encrypt nor decrypt ${[...fields].join(', ')}`);
}

/** Keeps a field's texts out of errors: Mongoose quotes what does not fit. */
function hideValues(type: SchemaType): void {
  const { cast } = Object.getPrototypeOf(type) as SchemaType;
  type.cast = (value: unknown, ...rest: []) => {
    if (value === null || value === undefined || typeof value === 'string')
      return cast.call(type, value, ...rest);
    throw new CastError('string', HIDDEN, type.path);
  };
  for (const validator of type.validators) Object.assign(validator, { ErrorConstructor: HiddenFault });
}

class HiddenFault extends ValidatorError {
  constructor({ reason, ...properties }: ConstructorParameters<typeof ValidatorError>[0]) {
    // What a validator has thrown may quote the text, too.
    super({ ...properties, value: HIDDEN, ...(reason && { message: 'The text of {PATH} does not fit' }) });
  }
}
