import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { camelCase, wordsOf } from '../naming/words.ts';
import { spokenWays, type Ways } from '../specification/states.ts';
import { literal } from '../types/source.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { textsIn } from './fields-there.ts';
import {
  addProperty,
  arrayIn,
  classNamed,
  findNode,
  methodNamed,
  MissingPlace,
  nameOf,
  objectIn,
  optionalProperty,
  propertyNamed,
  variableNamed,
} from './places.ts';
import { ownCall } from './service-edit.ts';

/** The member of a class; undefined where it has none of that name. */
function memberNamed(declaration: ts.ClassDeclaration, name: string): ts.PropertyDeclaration | undefined {
  return declaration.members.find(
    (member): member is ts.PropertyDeclaration =>
      ts.isPropertyDeclaration(member) && member.name.getText() === name,
  );
}

function replaced(node: ts.Node, text: string): Edit {
  return { from: node.getStart(), to: node.end, text };
}

/** The states of a field, and the one in which records begin, from its schema. */
export function enumOf(
  text: string,
  names: Names,
  field: string,
): { states: string[]; initial: string | undefined } {
  const source = parse(text);
  const member = memberNamed(classNamed(source, names.Record), field);
  if (!member) return refuse(`${names.plural} has no field ${field}`);
  const choices = optionalProperty(member, 'enum');
  if (!choices) return refuse(`${field} is not an enum: only an enum can be a state`);
  const list = ts.isIdentifier(choices) ? variableNamed(source, choices.text) : choices;
  const words = arrayIn(list, `the list of ${field}`).elements;
  const initial = optionalProperty(member, 'default');
  if (initial && !ts.isStringLiteral(initial)) throw new MissingPlace(`a default of ${field} that is a text`);
  return {
    states: words.map((word) => {
      if (!ts.isStringLiteral(word)) throw new MissingPlace(`the list of ${field}`);
      return word.text;
    }),
    initial: initial?.text,
  };
}

/** A field that is a state, and its transitions. */
export interface DeclaredState {
  readonly field: string;
  readonly ways: Ways;
}

/** The transitions of a field that the resource declares; undefined where it declares none. */
export function waysOf(text: string, names: Names, field: string): Ways | undefined {
  const states = optionalProperty(variableNamed(parse(text), names.records), 'states');
  const declared = states && optionalProperty(states, field);
  if (!declared) return undefined;
  const { properties } = objectIn(declared, `the transitions of ${field}`);
  return Object.fromEntries(
    properties.map((each) => [
      nameOf(each).replaceAll(/^['"]|['"]$/g, ''),
      textsIn(ts.isPropertyAssignment(each) ? each.initializer : undefined) ?? [],
    ]),
  );
}

/** Whether bodies have the field. */
export function isTaken(text: string, names: Names, field: string): boolean {
  return memberNamed(classNamed(parse(text), `Create${names.Record}Dto`), field) !== undefined;
}

/** The schema's file with what its resource declares of a state. */
export function schemaWithStates(text: string, names: Names, field: string, ways: Ways): string {
  const declared = objectIn(variableNamed(parse(text), names.records), 'the object of the resource');
  const states = optionalProperty(declared, 'states');
  const edits: Edit[] = [];
  if (states) {
    const before = optionalProperty(states, field);
    const inner = objectIn(states, 'the object states');
    edits.push(before ? replaced(before, literal(ways)) : addProperty(inner, `${field}: ${literal(ways)}`));
  } else {
    edits.push(addProperty(declared, `states: { ${field}: ${literal(ways)} }`));
  }
  if (!optionalProperty(declared, 'onTransition')) {
    const end = declared.properties.at(-1)?.end ?? declared.end - 1;
    const last = Object.keys(ways).at(-1) ?? '';
    const lines = `,
      // Further fields that a transition sets, such as \`({ to }) => ({ ${camelCase(wordsOf(last))}At: to === ${literal(last)} ? new Date() : null })\`.
      onTransition: () => ({})`;
    edits.push({ from: end, to: end, text: lines, order: 'z' });
  }
  return applyEdits(text, edits);
}

/** The DTOs' file, whose documentation says the ways. */
export function saidInDto(text: string, names: Names, field: string, ways: Ways): string {
  const member = memberNamed(classNamed(parse(text), `Create${names.Record}Dto`), field);
  const isIt = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText() === 'ApiProperty';
  const decorator = member && findNode(member, isIt);
  if (!decorator) throw new MissingPlace(`@ApiProperty of ${field}`);
  const options = objectIn(decorator, `the object of @ApiProperty of ${field}`);
  const before = optionalProperty(options, 'description');
  const said = before && ts.isStringLiteralLike(before) ? before.text.replace(/ ?Goes from .*$/, '') : '';
  const description = literal(`${said} ${spokenWays(ways)}`.trim());
  const edit = before
    ? replaced(before, description)
    : addProperty(options, `description: ${description}`, 'example');
  return applyEdits(text, [edit]);
}

/** The service's file, where a PUT that does not say the state keeps it. */
export function keptByReplace(text: string, names: Names, field: string): string {
  const replace = methodNamed(classNamed(parse(text), `${names.Feature}Service`), 'replace');
  const change = ownCall(replace, 'update').arguments[3];
  const dto = replace.parameters[3]?.name.getText();
  if (!change || dto === undefined) throw new MissingPlace('this.records.update(…, dto) in replace');
  const kept = `${field}: ${dto}.${field}`;
  if (!ts.isObjectLiteralExpression(change)) {
    return applyEdits(text, [replaced(change, `{ ...${change.getText()}, ${kept} }`)]);
  }
  return optionalProperty(change, field) ? text : applyEdits(text, [addProperty(change, kept)]);
}

/** The table of a feature's tests with the states of a field. */
export function tableWithStates(
  text: string,
  names: Names,
  { field, ways }: DeclaredState,
  initial: string,
): string {
  const entry = entryOf(text, names, field);
  const accepts = entry.properties.find((property) => property.name?.getText() === 'accepts');
  const edits = [
    replaced(propertyNamed(entry, 'value'), `() => ${literal(initial)}`),
    statesEdit(entry, ways),
  ];
  // Not each value that the field can have is one that a record can be created with.
  if (accepts) edits.push(replaced(accepts, `accepts: [${literal(initial)}]`));
  return applyEdits(text, edits);
}

/** The same of a field that requests do not set, or whose states were declared by hand. */
export function tableKnowing(text: string, names: Names, { field, ways }: DeclaredState): string {
  return applyEdits(text, [statesEdit(entryOf(text, names, field), ways)]);
}

/** What the table says of a field. */
function entryOf(text: string, names: Names, field: string): ts.ObjectLiteralExpression {
  const table = variableNamed(parse(text), names.records);
  const fields = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  return objectIn(propertyNamed(fields, field), `the object ${field}`);
}

function statesEdit(entry: ts.ObjectLiteralExpression, ways: Ways): Edit {
  const there = optionalProperty(entry, 'states');
  return there ? replaced(there, literal(ways)) : addProperty(entry, `states: ${literal(ways)}`, 'value');
}
