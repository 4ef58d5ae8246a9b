import mongoose, { type Connection, type Model, type Schema } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';

/** Encrypts and decrypts the fields of one collection that are declared as encrypted. */
export interface RecordCipher {
  readonly fields: ReadonlySet<string>;
  /** A copy of the fields to be written, with those declared as encrypted encrypted; absent ones stay absent. */
  seal(recordId: string, written: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /**
   * Decrypts the fields of a stored record, in place.
   * @throws ApiError INTERNAL_ERROR for a value that does not decrypt
   */
  open<R extends { readonly _id: unknown }>(record: R): R;
  /** @throws Error for conditions on an encrypted field: equal texts have different, unordered ciphertexts */
  refuse(conditions: unknown): void;
}

/** Encrypts fields declared as `@Prop({ type: String, encrypted: true })`. EncryptionModule provides it. */
export abstract class FieldEncryption {
  /** Undefined if the schema has no encrypted field, so that it costs nothing. */
  abstract of(collection: string, schema: Schema): RecordCipher | undefined;
  /** Makes the models of a connection encrypt and decrypt. */
  abstract guard(connection: Connection): Connection;
}

/** The fields that a schema declares as encrypted. */
export function encryptedFieldsOf(schema: Schema): Set<string> {
  const fields = new Set<string>();
  schema.eachPath((path, { options }) => {
    if (options['encrypted']) fields.add(path);
  });
  return fields;
}

/** A connection that is not open yet, so that an application can be built without a database. */
export function createConnection(encryption?: FieldEncryption): Connection {
  const connection = mongoose.createConnection();
  return encryption?.guard(connection) ?? connection.on('model', refuseEncrypted);
}

function refuseEncrypted({ schema, collection }: Model<unknown>): void {
  const [field] = encryptedFieldsOf(schema);
  if (field === undefined) return;
  throw new DeclarationError(
    `The field ${field} of ${collection.name} is encrypted, which needs EncryptionModule: put it into src/app.module.ts`,
  );
}
