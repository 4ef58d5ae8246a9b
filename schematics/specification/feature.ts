import { NESTED, nestedNames } from '../types/nested.ts';
import type { Declaration, Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { declarationFault } from './reserved.ts';

/** A list that clients may ask for: with a value of each field, in the order of one. */
export interface List {
  readonly equal: readonly string[];
  readonly sort: string;
  /** Also of the records of everybody. */
  readonly everybody: boolean;
}

/** What a resource can declare beside its fields and lists. */
export const ABILITIES = ['audit', 'webhooks', 'batch', 'trash', 'export', 'import'] as const;
export type Ability = (typeof ABILITIES)[number];

/** A feature as it is to be generated. */
export interface Feature {
  readonly names: Names;
  readonly fields: readonly Field[];
  /** Belongs to nobody: every user reads it. */
  readonly shared: boolean;
  readonly lists: readonly List[];
  readonly abilities?: readonly Ability[];
}

/** What the schema's file declares for fields. */
export function fieldDeclarations({ names, fields }: Pick<Feature, 'names' | 'fields'>): Declaration[] {
  return fields.flatMap((field) => field.type.declares?.(field, names) ?? []);
}

/** What the files of its objects declare. */
function nestedDeclarations({ names, fields }: Pick<Feature, 'names' | 'fields'>): string[] {
  return fields
    .filter(({ type }) => type === NESTED)
    .flatMap((field) => {
      const { Class, Input, Dto } = nestedNames(field, names);
      const inner = fieldDeclarations({ names, fields: field.fields ?? [] });
      return [Class, Input, Dto, ...inner.flatMap(({ constant, type }) => [constant, type])];
    });
}

/** Everything that a feature's files declare, in the order of the files. */
export function declarationsOf(feature: Feature): string[] {
  const { Record, Feature, record, records } = feature.names;
  return [
    ...fieldDeclarations(feature).flatMap(({ constant, type }) => [constant, type]),
    ...nestedDeclarations(feature),
    Record,
    `${Record}Schema`,
    `Create${Record}Dto`,
    `Replace${Record}Dto`,
    `Update${Record}Dto`,
    `List${Feature}Query`,
    `${Record}Dto`,
    ...(feature.fields.some(({ stats }) => stats) ? [`Count${Feature}Query`] : []),
    `${Feature}Service`,
    `${Feature}Controller`,
    `${Feature}Module`,
    ...(feature.abilities ?? []).flatMap((ability) => declaredBy(ability, feature.names)),
    record,
    records,
  ];
}

/** What the controller's file of an ability declares. */
function declaredBy(ability: Ability, { Feature }: Names): string[] {
  if (ability === 'audit' || ability === 'webhooks') return [];
  const controller = `${Feature}${ability.charAt(0).toUpperCase()}${ability.slice(1)}Controller`;
  if (ability === 'batch') return [`Batch${Feature}Dto`, controller];
  if (ability === 'import') return [`Import${Feature}`, controller];
  return ability === 'export' ? [`Export${Feature}Query`, controller] : [controller];
}

/** What to call a feature whose name is taken. */
export function insteadOf(plural: string): string {
  return `say which ones they are, as in customer-${plural}`;
}

/** @throws Refusal when something would have the name of something else */
export function requireDistinctNames(feature: Feature): void {
  const { plural } = feature.names;
  const declared = declarationsOf(feature);
  for (const name of declared) {
    const fault = declarationFault(name);
    if (fault !== undefined) refuse(`"${plural}" would declare ${name}, ${fault}: ${insteadOf(plural)}`);
  }
  const twice = declared.find((name, index) => declared.indexOf(name) !== index);
  if (twice !== undefined) refuse(`"${plural}" would declare ${twice} twice; choose another name`);
}

/** Whether a list can be asked for records by a field: all of a text that contains something, or of one value. */
export type Filter = 'contains' | 'equals';

/** The first text is looked through; choices, flags, references and what has an index are compared. */
export function filterOf(field: Field, fields: readonly Field[]): Filter | undefined {
  const { type, index, unique, several } = field;
  const isText = (each: Field) => each.type.filter === 'contains' && !each.encrypted && !each.list;
  if (field === fields.find(isText)) return 'contains';
  return type.filter === 'always' || index || unique || several ? 'equals' : undefined;
}

/** Whether a record is always answered with a value of it: it was sent, or has one that stands for it. */
export function isAlwaysThere({ required, list, type, default: byDefault }: Field): boolean {
  return required || list || type.empty !== undefined || byDefault !== undefined;
}

/** Whether whoever creates a record always gives it a value; what only the server sets may be left to the schema. */
export function isAlwaysGiven(field: Field): boolean {
  return isAlwaysThere(field) && !field.server;
}

/** What clients send. */
export function sentFields(fields: readonly Field[]): Field[] {
  return fields.filter(({ server }) => !server);
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
