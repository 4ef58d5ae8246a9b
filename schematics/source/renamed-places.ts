import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { constantCase, wordsOf } from '../naming/words.ts';
import { literal } from '../types/source.ts';
import type { Edit } from './edit.ts';
import {
  classNamed,
  findNode,
  methodNamed,
  nameOf,
  nodesWithin,
  objectIn,
  optionalClass,
  optionalMethod,
  optionalProperty,
  optionalVariable,
  propertyNamed,
  variableNamed,
} from './places.ts';
import { isText } from './sayings.ts';

/** A field that gets another name. */
export interface Renaming {
  readonly names: Names;
  readonly from: string;
  readonly to: string;
  /** What the schema's file declares for it, and what that is to be called. */
  readonly declared: ReadonlyMap<string, string>;
  /** What generated texts say of it, and are to say instead. */
  readonly said: ReadonlyMap<string, string>;
  /** The fields that are to be later than it. */
  readonly later: ReadonlySet<string>;
  /** The object that it is in. */
  readonly within?: Within;
}

/** An object with fields of its own, of which one gets another name. */
export interface Within {
  readonly field: string;
  /** Whether the field is a list of such objects. */
  readonly list: boolean;
  /** The path of its files, without what is behind the first dot. */
  readonly file: string;
  readonly classes: readonly string[];
}

function replaced(node: ts.Node, text: string): Edit {
  return { from: node.getStart(), to: node.end, text };
}

/** The names of properties, and of members, that are called so. */
export function named(nodes: readonly ts.Node[], { from, to }: Renaming): Edit[] {
  return nodes
    .filter((node) => nameOf(node) === from)
    .map((node) => replaced((node as ts.PropertyDeclaration).name, to));
}

/** `dto.dueAt` */
export function accesses(node: ts.Node, of: string | undefined, { from, to }: Renaming): Edit[] {
  return nodesWithin(node)
    .filter(ts.isPropertyAccessExpression)
    .filter(({ expression, name }) => expression.getText() === of && name.text === from)
    .map(({ name }) => replaced(name, to));
}

/** `'dueAt'` */
function texts(node: ts.Node | undefined, { from, to }: Renaming): Edit[] {
  const nodes = node ? [node, ...nodesWithin(node)] : [];
  return nodes
    .filter((each) => ts.isStringLiteral(each) && each.text === from)
    .map((each) => replaced(each, literal(to)));
}

/** What generated texts within a node say. */
export function sayingsIn(node: ts.Node, { said }: Renaming): Edit[] {
  return nodesWithin(node).flatMap((each): Edit[] => {
    const instead = isText(each) ? said.get(each.text) : undefined;
    if (instead === undefined) return [];
    if (ts.isStringLiteral(each)) return [replaced(each, literal(instead))];
    const end = each.end - (ts.isTemplateTail(each) ? '`' : '${').length;
    return [{ from: each.getStart() + 1, to: end, text: instead }];
  });
}

/** Members of a class, or entries of a table: the name of the field, and what is said of it. */
export function entries(nodes: readonly ts.Node[], renaming: Renaming): Edit[] {
  const { from, later } = renaming;
  return [
    ...named(nodes, renaming),
    ...nodes
      .filter((node) => nameOf(node) === from || later.has(nameOf(node)))
      .flatMap((node) => sayingsIn(node, renaming)),
  ];
}

/** The schema's file: its class, its indexes with their reasons, and its resource. */
export function placesInSchema(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const { names } = renaming;
  const declared = objectIn(variableNamed(source, names.records), 'the object of the resource');
  return [
    ...named(classNamed(source, names.Record).members, renaming),
    ...source.statements.flatMap((node) => placesInIndex(node, renaming)),
    ...placesInDeclaration(declared, renaming),
  ];
}

function placesInIndex(node: ts.Statement, renaming: Renaming): Edit[] {
  if (!ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) return [];
  const { expression, arguments: given } = node.expression;
  if (expression.getText() !== `${renaming.names.Record}Schema.index`) return [];
  const [keys, options] = given;
  const conditions = options && optionalProperty(options, 'partialFilterExpression');
  const edits = [keys, conditions].flatMap((each) => keysIn(each, renaming));
  return edits.length > 0 ? [...edits, ...commentsAbove(node, renaming)] : [];
}

function keysIn(node: ts.Node | undefined, renaming: Renaming): Edit[] {
  return node && ts.isObjectLiteralExpression(node) ? named(node.properties, renaming) : [];
}

function commentsAbove(node: ts.Statement, { said }: Renaming): Edit[] {
  const { text } = node.getSourceFile();
  return (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []).flatMap(({ pos, end }) => {
    const instead = said.get(text.slice(pos, end));
    return instead === undefined ? [] : [{ from: pos, to: end, text: instead }];
  });
}

/** What a resource, or the table of its tests, declares of lists, states and rules. */
function placesInDeclaration(declared: ts.ObjectLiteralExpression, renaming: Renaming): Edit[] {
  const own = (name: string) =>
    declared.properties.filter(ts.isPropertyAssignment).find((each) => nameOf(each) === name)?.initializer;
  return [
    ...['unique', 'search', 'stats', 'lists', 'rules'].flatMap((name) => texts(own(name), renaming)),
    ...['rules', 'states', 'taken'].flatMap((name) => keysIn(own(name), renaming)),
  ];
}

/** The DTOs' file. */
export function placesInDto(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const { Record, Feature } = renaming.names;
  const answered = classNamed(source, `${Record}Dto`);
  const classes = [
    classNamed(source, `Create${Record}Dto`),
    answered,
    classNamed(source, `List${Feature}Query`),
  ];
  const from = methodNamed(answered, 'from');
  const counts = optionalClass(source, `Count${Feature}Query`);
  return [
    ...classes.flatMap(({ members }) => entries(members, renaming)),
    ...named(objectIn(from, 'the object of from').properties, renaming),
    ...accesses(from, from.parameters[0]?.name.getText(), renaming),
    ...texts(
      counts?.members.find((each) => nameOf(each) === 'by'),
      renaming,
    ),
  ];
}

/** The file of what a command takes. */
export function placesInCommandDto(source: ts.SourceFile, renaming: Renaming): Edit[] {
  return source.statements.filter(ts.isClassDeclaration).flatMap(({ members }) => entries(members, renaming));
}

/** The service's file: what PUT resets and keeps, and the conditions of the list. */
export function placesInService(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const service = classNamed(source, `${renaming.names.Feature}Service`);
  const replace = optionalMethod(service, 'replace');
  const kept = replace && findNode(replace, ts.isObjectLiteralExpression);
  const defaults = optionalVariable(source, 'DEFAULTS');
  return [
    ...keysIn(defaults && objectIn(defaults, 'the object DEFAULTS'), renaming),
    ...placesInList(optionalMethod(service, 'list'), renaming),
    ...keysIn(kept, renaming),
    ...(replace ? accesses(replace, replace.parameters[3]?.name.getText(), renaming) : []),
  ];
}

/** What the list takes of its query is called as the parameter is. */
function placesInList(list: ts.MethodDeclaration | undefined, { from, to }: Renaming): Edit[] {
  const nodes = list ? nodesWithin(list) : [];
  const isTaken = (node: ts.Node) =>
    ts.isBindingElement(node) &&
    node.getText() === from &&
    (node.parent.parent as ts.VariableDeclaration).initializer?.getText() === 'query';
  if (!nodes.some(isTaken)) return [];
  const isOfAnother = ({ parent }: ts.Node) =>
    ts.isPropertyAccessExpression(parent) && parent.name.text === from;
  return nodes
    .filter((node) => ts.isIdentifier(node) && node.text === from && !isOfAnother(node))
    .map((node) => replaced(node, to));
}

/** The file of the service of commands: what they take is kept under the same name. */
export function placesInCommands(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const isKept = (node: ts.Node) =>
    ts.isPropertyAssignment(node) &&
    (node.initializer.getText() === `dto.${renaming.from}` || isOfChange(node.parent));
  return [...named(nodesWithin(source).filter(isKept), renaming), ...accesses(source, 'dto', renaming)];
}

/** `const change = { status: 'closed' as const }` */
export function isOfChange({ parent }: ts.ObjectLiteralExpression): boolean {
  return ts.isVariableDeclaration(parent) && nameOf(parent) === 'change';
}

/** The table of the feature's tests. */
export function placesInTable(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const table = objectIn(variableNamed(source, renaming.names.records), 'the table');
  const fields = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  const commands = table.properties.find((each) => nameOf(each) === 'commands');
  const ofCommands = commands ? nodesWithin(commands) : [];
  const taken = ofCommands
    .filter((node) => nameOf(node) === 'fields')
    .map((node) => objectIn(node, 'the fields of a command'));
  const targets = ofCommands
    .filter((node) => nameOf(node) === 'to')
    .map((node) => objectIn(node, 'the states of a command'));
  const than = fields.properties
    .filter((node) => renaming.later.has(nameOf(node)))
    .flatMap((node) => ['after', 'since'].flatMap((name) => texts(optionalProperty(node, name), renaming)));
  return [
    ...[fields, ...taken].flatMap(({ properties }) => entries(properties, renaming)),
    ...targets.flatMap((node) => keysIn(node, renaming)),
    ...than,
    ...placesInDeclaration(table, renaming),
  ];
}

/** The error of a value that is taken, which is made of the name. */
export function takenCode({ RECORD }: Names, field: string): string {
  return `${RECORD}_${constantCase(wordsOf(field))}_TAKEN`;
}

/** That error, in any file: `tickets.taken.dueAt`, or its code. */
export function placesOfTaken(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const { names, from, to } = renaming;
  const codes = { from: takenCode(names, from), to: takenCode(names, to) };
  return [
    ...accesses(source, `${names.records}.taken`, renaming),
    ...texts(source, { ...renaming, ...codes }),
  ];
}

/** What the schema's file declares, in any file: no other file declares something of that name. */
export function placesOfDeclared(source: ts.SourceFile, { declared }: Renaming): Edit[] {
  return nodesWithin(source).flatMap((node) => {
    const instead = ts.isIdentifier(node) ? declared.get(node.text) : undefined;
    return instead === undefined ? [] : [replaced(node, instead)];
  });
}
