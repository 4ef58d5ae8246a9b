import {
  type Feature,
  filterOf,
  isAlwaysGiven,
  isAlwaysThere,
  sentFields,
} from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { capitalised, withArticle, wordsOf } from '../naming/words.ts';
import { filterRules, inputRules, severalRules, MAX_ITEMS, outputRules } from './rules.ts';
import { literal } from '../types/source.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { exampleOf, filterExampleOf } from './values.ts';

function described(description: string, example: string | undefined): string {
  const about = description === '' ? [] : [`description: ${literal(description)}`];
  const parts = [...about, ...(example === undefined ? [] : [`example: ${example}`])];
  return parts.length > 0 ? `@ApiProperty({ ${parts.join(', ')} })` : '@ApiProperty()';
}

/** What rules cannot say about a field. */
function inputDescription({ names, shared }: Feature, field: Field): string {
  const { unique, list, type, default: byDefault } = field;
  return [
    unique && (shared ? 'Unique.' : `Unique among the ${names.resources} of its owner.`),
    type.note?.(field),
    list && `At most ${MAX_ITEMS} items.`,
    byDefault !== undefined && `${type.defaults?.about ?? `\`${byDefault}\``} by default.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** An object has those of its fields. */
function exampleSource(field: Field): string | undefined {
  return field.fields ? undefined : literal(exampleOf(field));
}

/** A property of what is sent. */
export function inputSource(field: Field, feature: Feature): string {
  const { names } = feature;
  const typeSource = field.type.sentType ?? field.type.typeSource;
  const type = typeSource(field, names) + (field.list ? '[]' : '');
  const property = field.required ? `${field.name}!: ${type}` : `${field.name}?: ${type} | null`;
  return [
    described(inputDescription(feature, field), exampleSource(field)),
    ...inputRules(field, names),
    `${property};\n`,
  ].join('\n');
}

/** A property of what is answered. */
export function outputSource(field: Field, names: Names): string {
  const isNullable = !isAlwaysThere(field);
  const type = field.type.answerType(field, names) + (field.list ? '[]' : '');
  return [
    described('', field.server ? answeredUnsent(field) : exampleSource(field)),
    ...outputRules(field, names, isNullable),
    `${field.name}!: ${type}${isNullable ? ' | null' : ''};\n`,
  ].join('\n');
}

/** What is answered of a field that only the server sets, and that it did not set. */
function answeredUnsent(field: Field): string {
  const { list, type, default: byDefault } = field;
  if (type.defaults && byDefault !== undefined) return literal(exampleOf(field));
  return list ? '[]' : (type.empty ?? (byDefault === undefined ? 'null' : literal(byDefault)));
}

/** The line of a field in `from`, with what is answered of records that lack it. */
export function fromSource(field: Field, names: Names, lacking = 'null'): string {
  const { record } = names;
  const { name, type } = field;
  const isThere = isAlwaysGiven(field);
  const value = type.answerValue(`${record}.${name}`, isThere && lacking === 'null', field, names);
  const isTimed = type.defaults !== undefined && field.default !== undefined;
  const unsent = isTimed ? `${record}.createdAt` : answeredUnsent(field);
  const instead = isAlwaysThere(field) && !isThere ? unsent : lacking;
  const isLacked = !isThere || instead !== 'null';
  return `${name}: ${value}${isLacked ? ` ?? ${instead}` : ''},\n`;
}

/** A parameter of the list; empty when it cannot be asked for the field. */
export function filterSource(field: Field, { names, fields }: Feature): string {
  const filter = filterOf(field, fields);
  const words = wordsOf(field.name).join(' ');
  if (filter === 'contains') {
    const max = field.max ?? 200;
    return [
      described(
        `Only ${names.resources} whose ${words} contains this text, ignoring case.`,
        literal(filterExampleOf(field, true)),
      ),
      `@IsOptional()\n@Compose(${max})\n@Text(0, ${max})\n${field.name}?: string;\n`,
    ].join('\n');
  }
  if (filter === undefined) return '';
  const what = field.list
    ? `that have this among their ${words}`
    : field.type === FIELD_TYPES.boolean
      ? `whose ${words} has this value`
      : `with this ${words}`;
  return [
    described(`Only ${names.resources} ${what}.`, literal(filterExampleOf(field, false))),
    ...(field.several ? severalRules(field, names) : filterRules(field, names)),
    `${field.name}?: ${field.type.typeSource(field, names)}${field.several ? '[]' : ''};\n`,
  ].join('\n');
}

/** Whether the list takes more than filters. */
export function isListed({ lists, fields }: Pick<Feature, 'lists' | 'fields'>): boolean {
  return lists.length > 0 || fields.some(({ search }) => search);
}

/** The parameter that asks for the records of others. */
export function ownerSource({ names: { resources, plural } }: Pick<Feature, 'names'>): string {
  return `
  @ApiProperty({ description: '${capitalised(resources)} of this user, or of \`all\`. Needs ${plural}:read.' })
  @OwnerFilter()
  owner?: string;
`;
}

/** What counts are asked by. */
export function countQuerySource({ names, fields, shared }: Feature, owner: string): string {
  const counted = fields.filter(({ stats }) => stats).map(({ name }) => name);
  if (counted.length === 0) return '';
  return `
export class Count${names.Feature}Query {
  @ApiProperty({ description: 'The field whose values are counted.', example: ${literal(counted[0])} })
  @IsIn(${literal(counted)})
  by!: string;
${shared ? '' : owner}}
`;
}

/** The DTOs' file, without its imports. */
export function dtoSource(feature: Feature): string {
  const { names, fields, shared } = feature;
  const { Record, Feature, record, records, resource } = names;
  const owner = ownerSource(feature);
  const base = shared ? 'RecordDto' : 'OwnedRecordDto';
  return `
export class Create${Record}Dto {
${sentFields(fields)
  .map((field) => inputSource(field, feature))
  .join('\n')}}

/** PUT replaces the whole ${resource}: what is not sent is reset. */
export class Replace${Record}Dto extends Create${Record}Dto {}

/** PATCH changes what is sent; null clears an optional field. */
export class Update${Record}Dto extends PartialType(Create${Record}Dto, { skipNullProperties: false }) {}

export class List${Feature}Query extends ${isListed(feature) ? `ListQuery(${records})` : 'PageQuery'} {
${fields
  .map((field) => filterSource(field, feature))
  .filter(Boolean)
  .join('\n')}${shared ? '' : owner}}
${countQuerySource(feature, owner)}
/** ${capitalised(withArticle(resource))} in responses. */
export class ${Record}Dto extends ${base} {
${fields.map((field) => outputSource(field, names)).join('\n')}
  static from(${record}: ${Record}): ${Record}Dto {
    return {
      ...${base}.of(${record}),
${fields.map((field) => fromSource(field, names)).join('')}    };
  }
}
`;
}
