import { type Feature, fieldDeclarations, isAlwaysGiven, type List } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { withArticle, wordsOf } from '../naming/words.ts';
import { defaultSource } from '../specification/values.ts';
import { literal } from '../types/source.ts';

function propOptions(field: Field, names: Names): string {
  const { type, list, required, encrypted, default: byDefault } = field;
  const { maxUnits, empty } = type;
  const schemaType = type.schemaClass?.(field, names) ?? type.schemaType;
  return [
    `type: ${list ? `[${schemaType}]` : schemaType}`,
    ...type.schemaOptions(field, names),
    required && !list && 'required: true',
    maxUnits && !list && !encrypted && `maxlength: ${maxUnits(field)}`,
    encrypted && 'encrypted: true',
    byDefault !== undefined && `default: ${defaultSource(field, 'ofSchema')}`,
    list && 'default: () => []',
    empty !== undefined && `default: () => (${empty})`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** One property of the schema's class. */
export function propSource(field: Field, names: Names): string {
  const type = field.type.typeSource(field, names) + (field.list ? '[]' : '');
  const property = isAlwaysGiven(field) ? `${field.name}!: ${type}` : `${field.name}?: ${type} | null`;
  return `@Prop({ ${propOptions(field, names)} })\n${property};\n`;
}

/** The indexes of a field, each with the query that it serves. */
export function indexSource(field: Field, { names, shared }: Feature): string {
  const { Record, plural } = names;
  const { name, type, unique, index, required, target } = field;
  const words = wordsOf(name).join(' ');
  const owner = shared ? '' : 'ownerId: 1, ';
  const whose = shared ? names.resources : `an owner's ${names.resources}`;
  const statement = (keys: string, options = '') => `${Record}Schema.index({ ${keys} }${options});\n`;
  let source = '';
  if (unique) {
    const partial = required ? '' : `, partialFilterExpression: { ${name}: { $exists: true } }`;
    const a = withArticle(words);
    const once = shared ? `${a} is unique` : `${a} is unique among the ${names.resources} of its owner`;
    source +=
      `// Creating and changing: ${once}${required ? '' : ', if there is one'}.\n` +
      statement(`${owner}${name}: 1`, `, { unique: true${partial} }`);
  }
  if (index) {
    source +=
      `// \`GET /${plural}?${name}=…\`: ${whose} with one ${words}, newest first.\n` +
      statement(`${owner}${name}: 1, createdAt: -1, _id: -1`);
  }
  if (target || type.holds) {
    // Users are deleted whatever refers to them.
    const besides =
      target?.plural === 'users'
        ? ''
        : `, and whether ${withArticle(target?.resource ?? 'file')} may be deleted`;
    source +=
      `// \`GET /${plural}?${name}=…\`${besides}.\n` + statement(`${name}: 1, createdAt: -1, _id: -1`);
  }
  return source;
}

/** Of a resource's declaration, what its lists are. */
export function listsSource(lists: readonly List[], fields: readonly Field[]): string {
  const named = (has: (field: Field) => boolean) => fields.filter(has).map(({ name }) => name);
  const [search, stats] = [named((field) => field.search), named((field) => field.stats)];
  return [
    lists.length > 0 && `lists: [${lists.map(listSource).join(', ')}]`,
    search.length > 0 && `search: ${literal(search)}`,
    stats.length > 0 && `stats: ${literal(stats)}`,
  ]
    .filter(Boolean)
    .map((line) => `\n  ${line},`)
    .join('');
}

export function listSource({ equal, sort, everybody }: List): string {
  return literal({ ...(equal.length > 0 && { equal }), sort, ...(everybody && { everybody }) });
}

/** Of a resource's declaration, which fields are later than which. */
function rulesSource(fields: readonly Field[]): string {
  const rules = fields.map(ruleSource).filter((rule) => rule !== undefined);
  return rules.length > 0 ? `\n  rules: { ${rules.join(', ')} },` : '';
}

export function ruleSource({ name, later }: Field): string | undefined {
  return later && `${name}: { ${later.strictly ? 'after' : 'since'}: ${literal(later.than)} }`;
}

/** What the feature's records are, said once. */
function resourceSource({ names, fields, shared, lists, abilities = [] }: Feature): string {
  const { Record, records, resource } = names;
  const unique = fields.filter((field) => field.unique).map(({ name }) => name);
  return `export const ${records} = resource({
  name: '${resource}',
  record: ${Record},
  schema: ${Record}Schema,${shared ? '\n  shared: true,' : ''}${unique.length > 0 ? `\n  unique: ${literal(unique)},` : ''}${listsSource(lists, fields)}${rulesSource(fields)}${abilities.map((ability) => `\n  ${ability}: true,`).join('')}
});
`;
}

/** The schema's file, without its imports. */
export function schemaSource(feature: Feature): string {
  const { names, fields, shared } = feature;
  const { Record, collection, plural, resources } = names;
  const base = shared ? 'StoredRecord' : 'OwnedRecord';
  const lists = shared
    ? `// \`GET /${plural}\`: all, newest first, and from a cursor on.
${Record}Schema.index({ createdAt: -1, _id: -1 });
`
    : `// \`GET /${plural}\`: an owner's ${resources}, newest first, and from a cursor on.
${Record}Schema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// \`GET /${plural}?owner=all\`: everybody's, newest first.
${Record}Schema.index({ createdAt: -1, _id: -1 });
`;
  return `
${fieldDeclarations(feature)
  .map(({ source }) => `${source}\n`)
  .join('')}/**
 * \`maxlength\` counts UTF-16 units, three for each character that the DTOs allow: it only stops values that did not
 * pass a DTO.
 */
@Schema({ ...RECORD_OPTIONS, collection: ${literal(collection)} })
export class ${Record} extends ${base} {
${fields.map((field) => propSource(field, names)).join('\n')}}

export const ${Record}Schema = SchemaFactory.createForClass(${Record});

${lists}${fields.map((field) => indexSource(field, feature)).join('')}
${resourceSource(feature)}`;
}
