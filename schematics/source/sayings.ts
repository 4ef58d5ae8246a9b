import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import type { Feature } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { filterSource, inputSource, outputSource } from './dto-source.ts';
import { parse } from './edit.ts';
import type { Described } from './fields-there.ts';
import { nodesWithin } from './places.ts';
import { indexSource } from './schema-source.ts';
import { entrySource } from './table-source.ts';

/** A text that the generator may have written: a literal, or a part of a template. */
export type Text = ts.StringLiteral | ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail;

export function isText(node: ts.Node): node is Text {
  return (
    ts.isStringLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddle(node) ||
    ts.isTemplateTail(node)
  );
}

/**
 * What generated texts and comments say of a field by its name, and what they would say had it another one. Nothing is
 * known of a field whose rules are not those of a type.
 */
export function sayings(described: Described, names: Names, from: string, to: string): Map<string, string> {
  const before = described.fields;
  const after = before.map((field) => ({
    ...field,
    ...(field.name === from && { name: to }),
    ...(field.later?.than === from && { later: { ...field.later, than: to } }),
  }));
  return new Map(
    before.flatMap((field, index) => {
      const other = after[index];
      if (!other || (field.name !== from && field.later?.than !== from)) return [];
      const [old, fresh] = [
        textsOf(field, { ...described, names, fields: before }),
        textsOf(other, { ...described, names, fields: after }),
      ];
      if (old.length !== fresh.length) return [];
      return old.flatMap((said, place): [string, string][] => {
        const instead = fresh[place] ?? said;
        return said === instead ? [] : [[said, instead]];
      });
    }),
  );
}

/** The texts that the sources of a field have, then its comments, each in their order. */
function textsOf(field: Field, feature: Feature): string[] {
  // What only the server sets may be of either type; a command that sets it takes it as what it is.
  const types =
    field.type === FIELD_TYPES.string && field.server ? [field.type, FIELD_TYPES.text] : [field.type];
  const members = types.flatMap((type) => [
    inputSource({ ...field, type }, feature),
    outputSource({ ...field, type }, feature.names),
  ]);
  const source = `${indexSource(field, feature)}
class A { ${[...members, filterSource(field, feature)].join('\n')} }
({ ${entrySource(field, feature)} })`;
  const texts = nodesWithin(parse(source)).filter(isText);
  return [...texts.map(({ text }) => text), ...(source.match(/^\/\/ .*$/gm) ?? [])];
}
