import type { Schema } from 'mongoose';
import { invalid } from '../errors/errors.js';
import { DeclarationError } from '../errors/start-error.js';
import type { Filter } from './filter.js';

/** The field that a time or day must be after, or must not be before. */
export type OrderRule = { readonly after: string } | { readonly since: string };

interface Order {
  readonly field: string;
  readonly other: string;
  /** Equal values are not allowed. */
  readonly strictly: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Order rules between the fields of a record. A field without a value satisfies them. */
export class FieldOrders {
  private readonly orders: readonly Order[];

  /** @throws DeclarationError for fields that cannot be compared */
  constructor(resource: string, schema: Schema, declared: Readonly<Record<string, OrderRule>>) {
    this.orders = Object.entries(declared).map(([field, rule]) => {
      const other = 'after' in rule ? rule.after : rule.since;
      const [kind, otherKind] = [kindOf(schema, field), kindOf(schema, other)];
      if (kind === undefined || kind !== otherKind) {
        throw new DeclarationError(
          `resource '${resource}': rules compare ${field} with ${other}; both have to be dates, or both days`,
        );
      }
      return { field, other, strictly: 'after' in rule };
    });
  }

  /** Whether some of these fields are compared. */
  compares(fields: object): boolean {
    return this.orders.some(({ field, other }) => field in fields || other in fields);
  }

  /** @throws ApiError VALIDATION_ERROR for a record that breaks a rule */
  require(record: Fields): void {
    const broken = this.orders.filter((order) => !isKept(order, record));
    if (broken.length === 0) return;
    throw invalid(
      broken.map(({ field, other, strictly }) => ({
        path: field,
        message: `${field} must ${strictly ? 'be after' : 'not be before'} ${other}`,
      })),
    );
  }

  /**
   * The filter that a record must match for a change not to break a rule; undefined if any record may be changed.
   * @throws ApiError VALIDATION_ERROR if no record may
   */
  conditionOf(change: Fields): Filter | undefined {
    // A pair of which one field is missing breaks no rule.
    this.require(change);
    const conditions: Filter[] = [];
    for (const { field, other, strictly } of this.orders) {
      if (field in change && other in change) continue;
      const [early, late] = [change[other] ?? undefined, change[field] ?? undefined];
      // A missing field does not match the inner condition, and so satisfies the rule.
      if (late !== undefined) conditions.push({ [other]: { $not: { [strictly ? '$gte' : '$gt']: late } } });
      if (early !== undefined) conditions.push({ [field]: { $not: { [strictly ? '$lte' : '$lt']: early } } });
    }
    return conditions.length > 0 ? { $and: conditions } : undefined;
  }
}

function isKept({ field, other, strictly }: Order, record: Fields): boolean {
  const [late, early] = [record[field], record[other]] as (Date | string | null | undefined)[];
  if (late === undefined || late === null || early === undefined || early === null) return true;
  return strictly ? late > early : late >= early;
}

function kindOf(schema: Schema, name: string): 'date' | 'day' | undefined {
  const { instance, options = {} } = (schema.path(name) ?? {}) as { instance?: string; options?: Fields };
  if (options['encrypted'] === true) return undefined;
  return instance === 'Date' ? 'date' : options['format'] === 'day' ? 'day' : undefined;
}
