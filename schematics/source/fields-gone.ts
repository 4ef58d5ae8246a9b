import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { literal } from '../types/source.ts';
import { targetEdits } from './commands-gone.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { decoratorsOf, propertiesOf, textsIn } from './fields-there.ts';
import { importedIn, withImports, withoutUnused } from './imports.ts';
import { ownImports } from './own-imports.ts';
import {
  classNamed,
  findNode,
  methodNamed,
  nameOf,
  objectIn,
  optionalClass,
  optionalMethod,
  optionalProperty,
  optionalVariable,
  propertyNamed,
  removeAmong,
  variableNamed,
} from './places.ts';

/** What fields are taken out of, and what stays of the lists of the feature. */
export interface Leaving {
  readonly names: Names;
  readonly gone: ReadonlySet<string>;
  readonly isListed: boolean;
  readonly isCounted: boolean;
}

/** What every index of a field may have besides. */
const BESIDE = new Set(['ownerId', 'createdAt', 'updatedAt', '_id']);

function tidied(text: string): string {
  return withoutUnused(text, Object.keys(importedIn(text)));
}

function withoutProperties(object: ts.ObjectLiteralExpression, names: readonly string[]): Edit[] {
  return removeAmong(object.properties, (each) => names.includes(nameOf(each)));
}

/** The schema's file without some fields. */
export function schemaWithout(text: string, { names, gone }: Leaving): string {
  const source = parse(text);
  const record = classNamed(source, names.Record);
  const isGone = (node: ts.Node) => gone.has(nameOf(node));
  const enums = new Set(
    propertiesOf(record)
      .filter(isGone)
      .flatMap((property) => optionalProperty(property, 'enum')?.getText() ?? []),
  );
  const isStatementGone = (node: ts.Statement) =>
    isIndexOf(node, names, gone) ||
    (ts.isVariableStatement(node) &&
      node.declarationList.declarations.some((each) => enums.has(nameOf(each)))) ||
    (ts.isTypeAliasDeclaration(node) &&
      [...enums].some((name) => node.type.getText().includes(`typeof ${name})`)));
  const declared = objectIn(variableNamed(source, names.records), 'the object of the resource');
  return tidied(
    applyEdits(text, [
      ...removeAmong(record.members, isGone),
      ...removeAmong(source.statements, isStatementGone),
      ...declarationEdits(declared, gone),
    ]),
  );
}

/** Whether a statement declares an index of a field that goes. @throws Refusal for one of other fields, too */
function isIndexOf(node: ts.Statement, { Record }: Names, gone: ReadonlySet<string>): boolean {
  if (!ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) return false;
  const { expression, arguments: given } = node.expression;
  const [keys] = given;
  if (expression.getText() !== `${Record}Schema.index` || !keys || !ts.isObjectLiteralExpression(keys))
    return false;
  const fields = keys.properties.map(nameOf);
  const field = fields.find((name) => gone.has(name));
  if (field === undefined) return false;
  const other = fields.find((name) => !gone.has(name) && !BESIDE.has(name));
  if (other !== undefined) refuse(`There is an index of ${fields.join(', ')}: remove ${field} from it first`);
  return true;
}

/** What a resource, or the table of its tests, declares of lists, states and rules. */
function declarationEdits(declared: ts.ObjectLiteralExpression, gone: ReadonlySet<string>): Edit[] {
  const own = (name: string) =>
    declared.properties.filter(ts.isPropertyAssignment).find((each) => nameOf(each) === name)?.initializer;
  const whole: string[] = [];
  const edits: Edit[] = [];
  const lessen = <T extends ts.Node>(name: string, nodes: ts.NodeArray<T>, isGone: (node: T) => boolean) => {
    if (nodes.every(isGone)) whole.push(name);
    else edits.push(...removeAmong(nodes, isGone));
  };
  for (const name of ['unique', 'search', 'stats']) {
    const list = own(name);
    if (list && ts.isArrayLiteralExpression(list))
      lessen(name, list.elements, (node) => ts.isStringLiteral(node) && gone.has(node.text));
  }
  const lists = own('lists');
  if (lists && ts.isArrayLiteralExpression(lists))
    lessen('lists', lists.elements, (node) => namedIn(node).some((name) => gone.has(name)));
  for (const name of ['rules', 'states']) {
    const object = own(name);
    if (object && ts.isObjectLiteralExpression(object)) {
      if (name === 'rules') requireUnruled(object, gone);
      lessen(name, object.properties, (node) => gone.has(nameOf(node)));
    }
  }
  if (whole.includes('states')) whole.push('onTransition');
  return [...edits, ...withoutProperties(declared, whole)];
}

/** The fields that a list is declared with. */
export function namedIn(list: ts.Node): string[] {
  const sort = optionalProperty(list, 'sort');
  return [
    ...(textsIn(optionalProperty(list, 'equal')) ?? []),
    ...(sort && ts.isStringLiteral(sort) ? [sort.text] : []),
  ];
}

/** @throws Refusal for a field that another one has to be later than */
function requireUnruled(rules: ts.ObjectLiteralExpression, gone: ReadonlySet<string>): void {
  for (const rule of rules.properties.filter((each) => !gone.has(nameOf(each)))) {
    const than = ['after', 'since'].map((each) => optionalProperty(rule, each)).find(Boolean);
    if (than && ts.isStringLiteral(than) && gone.has(than.text))
      refuse(`${nameOf(rule)} must be later than ${than.text}: remove both, or the rule first`);
  }
}

/** The DTOs' file without some fields. */
export function dtoWithout(text: string, leaving: Leaving): string {
  const { names, gone, isListed, isCounted } = leaving;
  const source = parse(text);
  const isGone = (node: ts.Node) => gone.has(nameOf(node));
  const answered = classNamed(source, `${names.Record}Dto`);
  const query = classNamed(source, `List${names.Feature}Query`);
  const counts = optionalClass(source, `Count${names.Feature}Query`);
  const base = query.heritageClauses?.[0]?.types[0];
  const edits: Edit[] = [
    ...[classNamed(source, `Create${names.Record}Dto`), answered, query].flatMap((each) =>
      removeAmong(each.members, isGone),
    ),
    ...removeAmong(objectIn(methodNamed(answered, 'from'), 'the object of from').properties, isGone),
  ];
  if (!isListed && base?.getText().startsWith('ListQuery('))
    edits.push({ from: base.getStart(), to: base.end, text: 'PageQuery' });
  if (counts && isCounted) edits.push(...countedEdits(counts, gone));
  if (counts && !isCounted) edits.push(...removeAmong(source.statements, (node) => node === counts));
  return tidied(withImports(applyEdits(text, edits), ownImports({ names, fields: [] }).dto));
}

/** What values are still counted of. */
function countedEdits(counts: ts.ClassDeclaration, gone: ReadonlySet<string>): Edit[] {
  const by = propertiesOf(counts).find((property) => nameOf(property) === 'by');
  const list = by && decoratorsOf(by).get('IsIn')?.[0];
  if (!list || !ts.isArrayLiteralExpression(list)) return [];
  const example = optionalProperty(by, 'example');
  const left = textsIn(list)?.find((name) => !gone.has(name));
  return [
    ...removeAmong(list.elements, (node) => ts.isStringLiteral(node) && gone.has(node.text)),
    ...(example && ts.isStringLiteral(example) && gone.has(example.text)
      ? [{ from: example.getStart(), to: example.end, text: literal(left) }]
      : []),
  ];
}

/** The service's file without some fields. */
export function serviceWithout(text: string, { names, gone, isCounted }: Leaving): string {
  const source = parse(text);
  const service = classNamed(source, `${names.Feature}Service`);
  const counts = isCounted ? undefined : optionalMethod(service, 'counts');
  const edits = [
    ...defaultsEdits(source, gone),
    ...listEdits(methodNamed(service, 'list'), gone),
    ...keptEdits(service, gone),
    ...(counts ? removeAmong(service.members, (node) => node === counts) : []),
  ];
  return tidied(applyEdits(text, edits));
}

/** What is reset by PUT; where nothing is, the DTO is taken as it is. */
function defaultsEdits(source: ts.SourceFile, gone: ReadonlySet<string>): Edit[] {
  const defaults = optionalVariable(source, 'DEFAULTS');
  if (!defaults) return [];
  const { properties } = objectIn(defaults, 'the object DEFAULTS');
  const isGone = (node: ts.Node) => gone.has(nameOf(node));
  if (!properties.every(isGone)) return removeAmong(properties, isGone);
  const edits = removeAmong(source.statements, (node) => node === defaults.parent.parent);
  const visit = (node: ts.Node): void => {
    const [sent, by] = ts.isCallExpression(node) ? node.arguments : [];
    if (sent && by?.getText() === 'DEFAULTS')
      edits.push({ from: node.getStart(), to: node.end, text: sent.getText() });
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return edits;
}

/** The conditions of the list, and what they take of the query. */
function listEdits(list: ts.MethodDeclaration, gone: ReadonlySet<string>): Edit[] {
  const isQuery = (node: ts.Node): node is ts.VariableDeclaration & { name: ts.ObjectBindingPattern } =>
    ts.isVariableDeclaration(node) &&
    ts.isObjectBindingPattern(node.name) &&
    node.initializer?.getText() === 'query';
  const isConditions = (node: ts.Node): node is ts.ObjectLiteralExpression =>
    ts.isObjectLiteralExpression(node) && ts.isCallExpression(node.parent);
  const taken = findNode(list, isQuery);
  const conditions = findNode(list, isConditions);
  if (!taken || !conditions) return [];
  const isGone = (node: ts.Node) => gone.has(/^\.\.\.\(\s*(\w+)/.exec(node.getText())?.[1] ?? '');
  const isBindingGone = (node: ts.BindingElement) => gone.has(node.getText());
  const statement = taken.parent.parent;
  if (taken.name.elements.every(isBindingGone) && conditions.properties.every(isGone)) {
    const before = (conditions.parent as ts.CallExpression).arguments.at(-2) ?? conditions;
    return [
      { from: statement.getFullStart(), to: statement.end, text: '' },
      { from: before.end, to: conditions.end, text: '' },
    ];
  }
  return [...removeAmong(taken.name.elements, isBindingGone), ...removeAmong(conditions.properties, isGone)];
}

/** `{ ...dto, status: dto.status }`: what PUT keeps where it is not sent. */
function keptEdits(service: ts.ClassDeclaration, gone: ReadonlySet<string>): Edit[] {
  const change = optionalMethod(service, 'replace');
  const object = change && findNode(change, ts.isObjectLiteralExpression);
  const [spread] = object?.properties ?? [];
  if (!object || !spread || !ts.isSpreadAssignment(spread)) return [];
  const isGone = (node: ts.Node) => node !== spread && gone.has(nameOf(node));
  if (!object.properties.some(isGone)) return [];
  if (object.properties.slice(1).every(isGone))
    return [
      { from: object.getStart(), to: spread.expression.getStart(), text: '' },
      { from: spread.expression.end, to: object.end, text: '' },
    ];
  return removeAmong(object.properties, isGone);
}

/** The controller's file: without the counts, and saying no more of orders, where there are none left. */
export function controllerWithout(text: string, { names, isListed, isCounted }: Leaving): string {
  const controller = classNamed(parse(text), `${names.Feature}Controller`);
  const counts = isCounted ? undefined : optionalMethod(controller, 'counts');
  const list = optionalMethod(controller, 'list');
  const description = list && optionalProperty(list, 'description');
  const edits: Edit[] = counts ? removeAmong(controller.members, (node) => node === counts) : [];
  if (!isListed && description?.getText() === "'Newest first, unless asked for in another order.'")
    edits.push({ from: description.getStart(), to: description.end, text: "'Newest first.'" });
  return tidied(applyEdits(text, edits));
}

/** The table of the feature's tests without some fields. */
export function tableWithout(text: string, { names, gone }: Leaving): string {
  const table = objectIn(variableNamed(parse(text), names.records), 'the table');
  const entries = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  const edits = [
    ...removeAmong(entries.properties, (node) => gone.has(nameOf(node))),
    ...declarationEdits(table, gone),
    ...targetEdits(table, gone),
  ];
  return tidied(applyEdits(text, edits));
}
