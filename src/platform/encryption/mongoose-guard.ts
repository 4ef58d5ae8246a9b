import type { Query, Schema } from 'mongoose';
import { checkEncryptedFields, encryptedFieldsOf, mentioned } from './encrypted-fields.js';

/** Answer no values, so that they are safe where they name no encrypted field. */
const WITHOUT_VALUES = [
  'countDocuments',
  'estimatedDocumentCount',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
] as const;

const WITH_VALUES = [
  'find',
  'findOne',
  'findOneAndDelete',
  'findOneAndReplace',
  'findOneAndUpdate',
  'replaceOne',
  'distinct',
] as const;

/**
 * A Mongoose plugin that keeps encrypted fields to the repositories, which encrypt and decrypt: what Mongoose itself
 * would read as ciphertext or write as plaintext is refused.
 * @throws Error at the start, for a declaration that cannot be honoured
 */
export function guardEncryptedFields(schema: Schema): void {
  checkEncryptedFields(schema);
  const fields = encryptedFieldsOf(schema);
  if (fields.size === 0) return;
  const refuse = (operation: string) => (): never => {
    throw new Error(`${operation} cannot encrypt ${[...fields].join(', ')}: use the Repository`);
  };
  schema.pre([...WITH_VALUES], refuse('A query of Mongoose that answers or replaces records'));
  schema.pre('save', refuse('Saving a document'));
  schema.pre('insertMany', refuse('insertMany'));
  schema.pre('bulkWrite', refuse('bulkWrite'));
  schema.pre('aggregate', refuse('aggregate'));
  schema.pre([...WITHOUT_VALUES], { document: false, query: true }, function (this: Query<unknown, unknown>) {
    const update = this.getUpdate();
    if (Array.isArray(update)) throw new Error('An update by a pipeline may reach an encrypted field');
    const found = mentioned(fields, [this.getFilter(), update, this.getOptions().sort]);
    if (found !== undefined) throw new Error(`${found} is encrypted, or may reach an encrypted field`);
  });
}
