import { type Feature, filterOf, isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { capitalised, withArticle, wordsOf } from '../naming/words.ts';
import { filterRules, inputRules, MAX_ITEMS, outputRules } from './rules.ts';
import { literal } from '../types/source.ts';
import { exampleOf, filterExampleOf } from './values.ts';

function described(description: string, example: string): string {
  const about = description === '' ? '' : `description: ${literal(description)}, `;
  return `@ApiProperty({ ${about}example: ${example} })`;
}

/** What rules cannot say about a field. */
function inputDescription({ names, shared }: Feature, field: Field): string {
  const { unique, list, type, default: byDefault } = field;
  return [
    unique && (shared ? 'Unique.' : `Unique among the ${names.resources} of its owner.`),
    type.note?.(field),
    list && `At most ${MAX_ITEMS}.`,
    byDefault !== undefined && `\`${byDefault}\` where it is not sent.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** A property of what is sent. */
export function inputSource(field: Field, feature: Feature): string {
  const { names } = feature;
  const type = field.type.typeSource(field, names) + (field.list ? '[]' : '');
  const property = field.required ? `${field.name}!: ${type}` : `${field.name}?: ${type} | null`;
  return [
    described(inputDescription(feature, field), literal(exampleOf(field))),
    ...inputRules(field, names),
    `${property};\n`,
  ].join('\n');
}

/** A property of what is answered. */
export function outputSource(field: Field, names: Names): string {
  const isNullable = !isAlwaysThere(field);
  const type = field.type.answerType(field, names) + (field.list ? '[]' : '');
  return [
    described('', literal(exampleOf(field))),
    ...outputRules(field, names, isNullable),
    `${field.name}!: ${type}${isNullable ? ' | null' : ''};\n`,
  ].join('\n');
}

/** The line of a field in `from`, with what is answered of records that lack it. */
export function fromSource(field: Field, { record }: Names, lacking = 'null'): string {
  const { name, type } = field;
  const isThere = isAlwaysThere(field);
  const value = type.answerValue(`${record}.${name}`, isThere);
  const isLacked = !isThere || lacking !== 'null';
  return `${name}: ${value}${isLacked ? ` ?? ${lacking}` : ''},\n`;
}

/** A parameter of the list; empty when it cannot be asked for the field. */
export function filterSource(field: Field, { names, fields }: Feature): string {
  const filter = filterOf(field, fields);
  const words = wordsOf(field.name).join(' ');
  if (filter === 'contains') {
    const max = field.max ?? 200;
    return [
      described(
        `Only ${names.resources} whose ${words} contains this text, whatever its case.`,
        literal(filterExampleOf(field, true)),
      ),
      `@IsOptional()\n@Compose(${max})\n@Text(0, ${max})\n${field.name}?: string;\n`,
    ].join('\n');
  }
  if (filter === undefined) return '';
  const what = field.list ? `that have this among their ${words}` : `with this ${words}`;
  return [
    described(`Only ${names.resources} ${what}.`, literal(filterExampleOf(field, false))),
    ...filterRules(field, names),
    `${field.name}?: ${field.type.typeSource(field, names)};\n`,
  ].join('\n');
}

/** The DTOs' file, without its imports. */
export function dtoSource(feature: Feature): string {
  const { names, fields, shared } = feature;
  const { Record, Feature, record, resource, resources, plural } = names;
  const owner = `
  @ApiProperty({ description: '${capitalised(resources)} of this user, or of \`all\`. Needs ${plural}:read.' })
  @OwnerFilter()
  owner?: string;
`;
  const base = shared ? 'RecordDto' : 'OwnedRecordDto';
  return `
export class Create${Record}Dto {
${fields.map((field) => inputSource(field, feature)).join('\n')}}

/** PUT replaces the whole ${resource}: what is not sent is reset. */
export class Replace${Record}Dto extends Create${Record}Dto {}

/** PATCH changes what is sent; null clears an optional field. */
export class Update${Record}Dto extends PartialType(Create${Record}Dto, { skipNullProperties: false }) {}

export class List${Feature}Query extends PageQuery {
${fields
  .map((field) => filterSource(field, feature))
  .filter(Boolean)
  .join('\n')}${shared ? '' : owner}}

/** ${capitalised(withArticle(resource))} as it is answered. */
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
