import { enumNamesOf } from '../specification/feature.ts';
import type { Field } from '../specification/field.ts';
import type { Names } from '../specification/names.ts';
import { lengthsOf } from '../specification/lengths.ts';

/** Most items of a list. */
export const MAX_ITEMS = 50;

/** Arguments of a decorator, of which those at the end that are undefined are left out. */
function call(decorator: string, ...args: (string | number | undefined)[]): string {
  const end = args.findLastIndex((arg) => arg !== undefined);
  return `@${decorator}(${args
    .slice(0, end + 1)
    .map((arg) => arg ?? 'undefined')
    .join(', ')})`;
}

/** The decorators that a value of the field must pass, for single values and for the items of a list. */
function valueRules(field: Field, names: Names): string[] {
  const { type, list, min, max } = field;
  const each = list ? '{ each: true }' : undefined;
  const lengths = lengthsOf(field);
  switch (type) {
    case 'string': {
      const options = [lengths.min > 1 && `min: ${lengths.min}`, list && 'each: true'].filter(Boolean);
      return [call('Name', lengths.max, options.length > 0 ? `{ ${options.join(', ')} }` : undefined)];
    }
    case 'text':
      return [call('Text', lengths.min, lengths.max)];
    case 'rich':
      return [call('RichText', lengths.max)];
    case 'number':
      return [
        list ? '@IsNumber({}, { each: true })' : '@IsNumber()',
        ...(min === undefined ? [] : [call('Min', min, each)]),
        ...(max === undefined ? [] : [call('Max', max, each)]),
      ];
    case 'integer':
      return [call('SafeInteger', min, max, each)];
    case 'boolean':
      return ['@IsBoolean()'];
    case 'date':
      return ['@UtcTime()'];
    case 'email':
      return [call('EmailAddress', each)];
    case 'url':
      return [call('WebUrl', each)];
    case 'enum':
      return [call('IsIn', enumNamesOf(names, field).constant, each)];
    case 'object':
      return ['@IsMetadata()'];
    case 'ref':
      return ['@Reference()'];
  }
}

/** What is sent: `@IsOptional()`, `@Name(100)`. */
export function inputRules(field: Field, names: Names): string[] {
  return [
    ...(field.required ? [] : ['@IsOptional()']),
    ...(field.list ? [`@List(${MAX_ITEMS})`] : []),
    ...valueRules(field, names),
  ];
}

/** What is answered. */
export function outputRules(field: Field, names: Names, isNullable: boolean): string[] {
  const { type, list } = field;
  const each = list ? '{ each: true }' : '';
  const rule = {
    string: `@IsString(${each})`,
    text: '@IsString()',
    rich: '@IsString()',
    number: list ? '@IsNumber({}, { each: true })' : '@IsNumber()',
    integer: `@IsInt(${each})`,
    boolean: '@IsBoolean()',
    date: '@IsDate()',
    email: `@IsString(${each})`,
    url: `@IsString(${each})`,
    enum: type === 'enum' ? call('IsIn', enumNamesOf(names, field).constant, each || undefined) : '',
    object: '@IsMetadata()',
    ref: '@RecordId()',
  }[type];
  return [...(isNullable ? ['@Nullable()'] : []), ...(list ? [`@List(${MAX_ITEMS})`] : []), rule];
}

/** What a list is asked for by equality; of a list field, one item. */
export function filterRules(field: Field, names: Names): string[] {
  const { type, min, max } = field;
  const single = { ...field, list: false };
  if (type === 'boolean') return ['@QueryFlag()'];
  if (type === 'number') return [call('QueryNumber', min, max)];
  if (type === 'integer') return [call('QueryInteger', min, max)];
  return ['@IsOptional()', ...valueRules(single, names)];
}

/** The TypeScript type of one value: as it is stored, and as it is sent but for references. */
export function typeOf(field: Field, names: Names): string {
  switch (field.type) {
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'Date';
    case 'enum':
      return enumNamesOf(names, field).type;
    case 'object':
      return 'Metadata';
    case 'ref':
      return 'Types.ObjectId';
    default:
      return 'string';
  }
}
