import type { Feature } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { withArticle } from '../naming/words.ts';
import { NESTED, nestedNames } from '../types/nested.ts';
import { fromSource, inputSource, outputSource } from './dto-source.ts';
import { withImports } from './imports.ts';
import { propSource } from './schema-source.ts';

/** The file of what is stored of an object, without its imports. */
function nestedSchemaSource(field: Field, names: Names): string {
  const { Class, words } = nestedNames(field, names);
  const { fields = [] } = field;
  const declared = fields.flatMap((each) => each.type.declares?.(each, names) ?? []);
  // What the DTO accepts is bounded there: rules of nested schemas would do nothing.
  return `
${declared.map(({ source }) => `${source}\n`).join('')}/** ${capitalisedArticle(words.join(' '))} of ${withArticle(names.resource)}, as it is stored. */
@Schema({ _id: false })
export class ${Class} {
${fields.map((each) => propSource(bare(each), names)).join('\n')}}
`;
}

/** Rules of a nested schema would do nothing, and are refused at the start. */
function bare(field: Field): Field {
  const { type } = field;
  return {
    ...field,
    type: {
      ...type,
      maxUnits: undefined,
      schemaOptions: (...args) => type.schemaOptions(...args).filter((option) => !option.startsWith('enum:')),
    },
  };
}

/** The file of what is sent and answered of an object, without its imports. */
function nestedDtoSource(field: Field, feature: Feature): string {
  const { names } = feature;
  const { Class, Input, Dto, words } = nestedNames(field, names);
  const { fields = [] } = field;
  const what = `${capitalisedArticle(words.join(' '))} of ${withArticle(names.resource)}`;
  const own = { ...names, record: 'stored' };
  return `
/** ${what} in requests. */
export class ${Input} {
${fields.map((each) => inputSource(each, { ...feature, shared: true })).join('\n')}}

/** ${what} in responses. */
export class ${Dto} {
${fields.map((each) => outputSource(each, names)).join('\n')}
  static from(this: void, stored: ${Class}): ${Dto} {
    return {
${fields.map((each) => fromSource(each, own)).join('')}    };
  }
}
`;
}

function capitalisedArticle(words: string): string {
  const text = withArticle(words);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The files of the objects among some fields. */
export function nestedFiles(feature: Feature, folder: string): [string, string][] {
  const { names, fields } = feature;
  return fields
    .filter(({ type }) => type === NESTED)
    .flatMap((field): [string, string][] => {
      const { Class, file } = nestedNames(field, names);
      const constants = (field.fields ?? []).flatMap((each) => each.type.declares?.(each, names) ?? []);
      const from = `./${file}.schema.js`;
      const own = Object.fromEntries([
        [Class, { from, kind: 'type' as const }],
        ...constants.map(({ constant }) => [constant, { from, kind: 'value' as const }] as const),
        ...constants.map(({ type }) => [type, { from, kind: 'type' as const }] as const),
      ]);
      return [
        [`${folder}/${file}.schema.ts`, withImports(nestedSchemaSource(field, names))],
        [`${folder}/${file}.dto.ts`, withImports(nestedDtoSource(field, feature), own)],
      ];
    });
}
