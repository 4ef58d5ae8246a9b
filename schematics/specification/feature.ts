import type { Field } from './field.ts';
import type { Names } from './names.ts';
import { refuse } from './refusal.ts';
import { declarationFault } from './reserved.ts';
import { constantCase, pascalCase, pluralOf, wordsOf } from './words.ts';

/** A feature as it is to be generated. */
export interface Feature {
  readonly names: Names;
  readonly fields: readonly Field[];
  /** Belongs to nobody: every user reads it. */
  readonly shared: boolean;
}

/** The choices of an enum, as the schema declares them. */
export interface EnumNames {
  /** `INVOICE_STATUSES` */
  readonly constant: string;
  /** `InvoiceStatus` */
  readonly type: string;
}

export function enumNamesOf({ RECORD, Record }: Names, { name }: Field): EnumNames {
  const words = wordsOf(name);
  return { constant: `${RECORD}_${constantCase(pluralOf(words))}`, type: Record + pascalCase(words) };
}

/** Everything that a feature's files declare, in the order of the files. */
export function declarationsOf({ names, fields }: Feature): string[] {
  const { Record, Feature, record, records } = names;
  const enums = fields.filter(({ type }) => type === 'enum').map((field) => enumNamesOf(names, field));
  return [
    ...enums.flatMap(({ constant, type }) => [constant, type]),
    Record,
    `${Record}Schema`,
    `Create${Record}Dto`,
    `Replace${Record}Dto`,
    `Update${Record}Dto`,
    `List${Feature}Query`,
    `${Record}Dto`,
    `${Feature}Service`,
    `${Feature}Controller`,
    `${Feature}Module`,
    record,
    records,
  ];
}

/** @throws Refusal when something would have the name of something else */
export function requireDistinctNames(feature: Feature): void {
  const declared = declarationsOf(feature);
  for (const name of declared) {
    const fault = declarationFault(name);
    if (fault !== undefined)
      refuse(`"${feature.names.plural}" would declare ${name}, ${fault}; choose another name`);
  }
  const twice = declared.find((name, index) => declared.indexOf(name) !== index);
  if (twice !== undefined)
    refuse(`"${feature.names.plural}" would declare ${twice} twice; choose another name`);
}

/** Whether a list can be asked for records by a field: all of a text that contains something, or of one value. */
export type Filter = 'contains' | 'equals';

/** The first text is looked through; choices, flags, references and what has an index are compared. */
export function filterOf(field: Field, fields: readonly Field[]): Filter | undefined {
  const { type, index, unique } = field;
  const isText = (each: Field) => each.type === 'string' && !each.encrypted && !each.list;
  if (field === fields.find(isText)) return 'contains';
  const isCompared = type === 'enum' || type === 'boolean' || type === 'ref' || index || unique;
  return isCompared ? 'equals' : undefined;
}

/** Whether a record always has a value of it: it was sent, or has one that stands for it. */
export function isAlwaysThere({ required, list, type, default: byDefault }: Field): boolean {
  return required || list || type === 'object' || byDefault !== undefined;
}

/** @throws Refusal for an index that would serve no query */
export function requireUsefulIndexes(fields: readonly Field[]): void {
  const looked = fields.find((field) => field.index && filterOf(field, fields) === 'contains');
  if (looked) {
    refuse(
      `${looked.name} cannot have index: lists look for what the first string contains, which no index serves`,
    );
  }
}
