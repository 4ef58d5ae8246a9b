import type ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { type Ability, type Feature, fieldDeclarations } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { withImports } from './imports.ts';
import {
  addElement,
  addMember,
  addProperty,
  addPropertyBehind,
  arrayIn,
  classNamed,
  objectIn,
  optionalProperty,
  variableNamed,
} from './places.ts';
import { literal } from '../types/source.ts';
import { nestedImports } from './own-imports.ts';
import { indexSource, propSource, ruleSource } from './schema-source.ts';

/** The schema's file with what its resource declares besides. */
export function withAbilities(text: string, abilities: readonly Ability[], names: Names): string {
  const declaration = variableNamed(parse(text), names.records);
  const there = abilities.find((ability) => optionalProperty(declaration, ability));
  if (there !== undefined) refuse(`${names.plural} has ${there} already`);
  const added = abilities.map((ability) => `${ability}: true`).join(', ');
  return applyEdits(text, [addProperty(objectIn(declaration, 'the object of the resource'), added)]);
}

/** The end of the statement before a declaration: where further indexes stand. */
function behindStatementBefore(declaration: ts.VariableDeclaration): number {
  return declaration.parent.parent.getFullStart();
}

/** What the declaration of a resource says, in its order. */
const DECLARED = 'name record schema shared ownerField unique permissions lists search stats rules'.split(
  ' ',
);

function addDeclared(declaration: ts.VariableDeclaration, name: string, value: string): Edit {
  const resource = objectIn(declaration, 'the object of the resource');
  const before = DECLARED.slice(0, DECLARED.indexOf(name));
  return {
    ...addPropertyBehind(resource, `${name}: ${value}`, before),
    order: String(before.length).padStart(2, '0'),
  };
}

/** The resource's list of unique fields with further ones. */
function uniqueEdits(declaration: ts.VariableDeclaration, fields: readonly Field[]): Edit[] {
  const added = fields.filter(({ unique }) => unique).map(({ name }) => literal(name));
  if (added.length === 0) return [];
  const list = optionalProperty(declaration, 'unique');
  if (list) return [addElement(arrayIn(list, 'the list unique'), added.join(', '))];
  return [addDeclared(declaration, 'unique', `[${added.join(', ')}]`)];
}

/** The resource's rules between fields with further ones. */
function ruleEdits(declaration: ts.VariableDeclaration, fields: readonly Field[]): Edit[] {
  const added = fields
    .map(ruleSource)
    .filter((rule) => rule !== undefined)
    .join(', ');
  if (added === '') return [];
  const rules = optionalProperty(declaration, 'rules');
  if (rules) return [addProperty(objectIn(rules, 'the object rules'), added)];
  return [addDeclared(declaration, 'rules', `{ ${added} }`)];
}

/** The schema's file with further fields. */
export function withFields(text: string, fields: readonly Field[], feature: Feature): string {
  const { names } = feature;
  const source = parse(text);
  const record = classNamed(source, names.Record);
  const declaration = variableNamed(source, names.records);
  const start = record.getFullStart();
  const declared = fieldDeclarations({ names, fields }).map((each) => `\n\n${each.source}`);
  const indexes = fields.map((field) => indexSource(field, feature)).join('');
  const edits = [
    { from: start, to: start, text: declared.join('') },
    addMember(record, fields.map((field) => propSource(field, names)).join('\n')),
    {
      from: behindStatementBefore(declaration),
      to: behindStatementBefore(declaration),
      text: `\n${indexes.trimEnd()}`,
    },
    ...uniqueEdits(declaration, fields),
    ...ruleEdits(declaration, fields),
  ];
  return withImports(applyEdits(text, edits), nestedImports({ names, fields }, 'schema'));
}
