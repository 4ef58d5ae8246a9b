import type { Names } from '../naming/names.ts';
import type { Field } from '../types/field.ts';

/** Most items of a list. */
export const MAX_ITEMS = 50;

/** The last argument of the rules of a list's items. */
function eachOf({ list }: Field): string | undefined {
  return list ? '{ each: true }' : undefined;
}

/** What is sent: `@IsOptional()`, `@Name(100)`. */
export function inputRules(field: Field, names: Names): string[] {
  return [
    ...(field.required ? [] : ['@IsOptional()']),
    ...(field.list ? [field.required ? `@List(${MAX_ITEMS}, 1)` : `@List(${MAX_ITEMS})`] : []),
    ...field.type.rules(field, names, eachOf(field)),
  ];
}

/** What is answered. */
export function outputRules(field: Field, names: Names, isNullable: boolean): string[] {
  return [
    ...(isNullable ? ['@Nullable()'] : []),
    ...(field.list ? [`@List(${MAX_ITEMS})`] : []),
    field.type.answerRule(field, names, eachOf(field)),
  ];
}

/** The same where several values may be given; texts may hold commas, and are given one by one. */
export function severalRules(field: Field, names: Names): string[] {
  const rules = filterRules(field, names).filter((rule) => rule !== '@IsOptional()');
  return ['@IsOptional()', `@${severalRule(field)}(${rules.map((rule) => rule.slice(1)).join(', ')})`];
}

export function severalRule({ type }: Field): 'AnyOf' | 'AnyOfTexts' {
  return type.maxUnits ? 'AnyOfTexts' : 'AnyOf';
}

/** What a list is asked for by equality; of a list field, one item. */
export function filterRules(field: Field, names: Names): readonly string[] {
  return field.type.queryRules({ ...field, list: false }, names);
}
