import type { Schema, SchemaType } from 'mongoose';
import { encryptedFieldsOf } from '../database/field-encryption.js';
import { DeclarationError } from '../errors/start-error.js';

/** Operators that can reach a field without naming it as a key. */
const OPAQUE: ReadonlySet<string> = new Set(['$expr', '$where', '$jsonSchema', '$rename']);

/**
 * The field in `fields` that conditions, a sort or an update of MongoDB name, or the operator that could reach one
 * unseen; undefined when they leave them alone.
 */
export function mentioned(fields: ReadonlySet<string>, conditions: unknown): string | undefined {
  if (typeof conditions !== 'object' || conditions === null) return undefined;
  if (Array.isArray(conditions)) {
    return conditions.map((each: unknown) => mentioned(fields, each)).find((found) => found !== undefined);
  }
  for (const [key, value] of Object.entries(conditions)) {
    const [name = key] = key.split('.');
    if (OPAQUE.has(key) || fields.has(name)) return name;
    const inner = key.startsWith('$') ? mentioned(fields, value) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** What keeps the encrypted fields that a projection answers from being decrypted; undefined when nothing does. */
export function projectionFault(
  fields: ReadonlySet<string>,
  projection: Readonly<Record<string, unknown>> = {},
): string | undefined {
  const entries = Object.entries(projection);
  const computed = entries.find(([, value]) => typeof value !== 'number' && typeof value !== 'boolean');
  if (computed) return `computes ${computed[0]}, which may reach an encrypted field`;
  if (!('_id' in projection) || projection['_id']) return undefined;
  const isInclusion = entries.some(([, value]) => value);
  const answered = [...fields].filter((field) => Boolean(projection[field] ?? !isInclusion));
  return answered.length > 0 ? `leaves out _id, to which ${answered.join(', ')} is encrypted` : undefined;
}

/**
 * Stops the start over a declaration that cannot be honoured.
 * @throws DeclarationError for a field that is no text of the record itself, has another name, or is indexed
 */
export function checkEncryptedFields(schema: Schema): void {
  const refuse = (path: string, problem: string): never => {
    throw new DeclarationError(`The encrypted field ${path} of ${schema.get('collection')} ${problem}`);
  };
  schema.eachPath((path, type) => {
    const isNested = path.includes('.') || type.schema !== undefined || type.instance !== 'String';
    if (isNested && holdsEncrypted(type)) refuse(path, 'must be a text of the record itself');
    if (isEncrypted(type) && type.options['alias'] !== undefined) refuse(path, 'cannot have an alias');
  });
  const fields = encryptedFieldsOf(schema);
  if (fields.size === 0) return;
  const { instance } = schema.path('_id') ?? {};
  if (instance !== 'ObjectId')
    refuse([...fields].join(', '), 'is bound to an _id, which must be an ObjectId');
  for (const [keys, { partialFilterExpression }] of schema.indexes()) {
    const found = mentioned(fields, keys) ?? mentioned(fields, partialFilterExpression);
    if (found !== undefined) refuse(found, 'cannot be in an index, nor be unique');
    if (Object.keys(keys).includes('$**'))
      refuse([...fields].join(', '), 'cannot be in an index over all fields');
  }
}

function isEncrypted({ options }: SchemaType): boolean {
  return Boolean(options['encrypted']);
}

/** Whether a field is encrypted, or anything within it: in a nested schema, or what a list or a map holds. */
function holdsEncrypted(type: SchemaType): boolean {
  if (isEncrypted(type)) return true;
  const { schema } = type;
  if (schema) return Object.values(schema.paths).some((inner) => holdsEncrypted(inner));
  const items = type.getEmbeddedSchemaType();
  return items !== undefined && holdsEncrypted(items);
}
