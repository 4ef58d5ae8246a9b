import type { Records } from '../database/records.js';
import type { StoredRecord } from '../database/record.js';
import type { MadeRecords } from '../database/repositories.js';
import { type Span, traced } from '../logging/spans.js';

const METHODS = [
  'get',
  'first',
  'page',
  'counts',
  'find',
  'aggregate',
  'create',
  'insert',
  'update',
  'updateWhere',
  'require',
  'remove',
] as const satisfies readonly (keyof Records<StoredRecord>)[];

type Method = (...args: unknown[]) => Promise<unknown>;

/** Lets traces show what is read and written: `get projects`. Done to the objects, so that others pay nothing for it. */
export function showRecords({ collection, records }: MadeRecords): void {
  for (const name of METHODS) {
    const method = (records[name] as Method).bind(records);
    const span: Span = {
      name: `${name} ${collection}`,
      kind: 'client',
      fields: {
        'db.system.name': 'mongodb',
        'db.operation.name': name,
        'db.collection.name': collection,
      },
    };
    const value: Method = (...args) => traced(span, () => method(...args));
    Object.defineProperty(records, name, { value, configurable: true });
  }
}
