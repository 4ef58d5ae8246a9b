import ts from 'typescript';
import type { Edit } from './edit.ts';

/** A source lacks what generated code has at this place: somebody has changed its shape. */
export class MissingPlace extends Error {}

function found<T>(node: T | undefined, what: string): T {
  if (node === undefined) throw new MissingPlace(what);
  return node;
}

/** What a node declares, as it stands; empty where it declares nothing by a name. */
export function nameOf(node: ts.Node): string {
  return (node as ts.NamedDeclaration).name?.getText() ?? '';
}

/** The first node that fits, in the order of the text. */
export function findNode<T extends ts.Node>(
  within: ts.Node,
  fits: (node: ts.Node) => node is T,
): T | undefined {
  let result: T | undefined;
  const visit = (node: ts.Node): void => {
    if (result) return;
    if (fits(node)) result = node;
    else ts.forEachChild(node, visit);
  };
  visit(within);
  return result;
}

/** All nodes within one, in the order of the text. */
export function nodesWithin(node: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (each: ts.Node): void => {
    nodes.push(each);
    ts.forEachChild(each, visit);
  };
  ts.forEachChild(node, visit);
  return nodes;
}

export function classNamed(source: ts.SourceFile, name: string): ts.ClassDeclaration {
  return found(optionalClass(source, name), `the class ${name}`);
}

export function optionalClass(source: ts.SourceFile, name: string): ts.ClassDeclaration | undefined {
  const isIt = (node: ts.Node): node is ts.ClassDeclaration =>
    ts.isClassDeclaration(node) && node.name?.text === name;
  return findNode(source, isIt);
}

export function methodNamed(within: ts.ClassDeclaration, name: string): ts.MethodDeclaration {
  return found(optionalMethod(within, name), `the method ${name}`);
}

export function optionalMethod(within: ts.ClassDeclaration, name: string): ts.MethodDeclaration | undefined {
  const isIt = (node: ts.Node): node is ts.MethodDeclaration =>
    ts.isMethodDeclaration(node) && node.name.getText() === name;
  return findNode(within, isIt);
}

export function variableNamed(source: ts.SourceFile, name: string): ts.VariableDeclaration {
  return found(optionalVariable(source, name), `the constant ${name}`);
}

export function optionalVariable(source: ts.SourceFile, name: string): ts.VariableDeclaration | undefined {
  const isIt = (node: ts.Node): node is ts.VariableDeclaration =>
    ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name;
  return findNode(source, isIt);
}

/** The value of a property within a node: `errors` of `{ status: 201, errors: [] }`. */
export function propertyNamed(within: ts.Node, name: string): ts.Expression {
  return found(optionalProperty(within, name), `the property ${name}`);
}

export function optionalProperty(within: ts.Node, name: string): ts.Expression | undefined {
  const isIt = (node: ts.Node): node is ts.PropertyAssignment =>
    ts.isPropertyAssignment(node) && node.name.getText() === name;
  return findNode(within, isIt)?.initializer;
}

export function arrayIn(within: ts.Node, what: string): ts.ArrayLiteralExpression {
  return found(findNode(within, ts.isArrayLiteralExpression), what);
}

export function objectIn(within: ts.Node, what: string): ts.ObjectLiteralExpression {
  return found(findNode(within, ts.isObjectLiteralExpression), what);
}

/** Adds an element before the first that fits, or at the end. */
export function addElement(
  array: ts.ArrayLiteralExpression,
  text: string,
  before: (element: string) => boolean = () => false,
): Edit {
  return addAmong(array.elements, array.getStart() + 1, text, (element) => before(element.getText()));
}

/** Adds a property before the one that is named, or at the end. */
export function addProperty(object: ts.ObjectLiteralExpression, text: string, before?: string): Edit {
  const isNext = (node: ts.Node) => before !== undefined && node.getText().startsWith(before);
  return addAmong(object.properties, object.getStart() + 1, text.trim().replace(/,$/, ''), isNext);
}

/** Adds a property behind the last of those that are named, or at the beginning. */
export function addPropertyBehind(
  object: ts.ObjectLiteralExpression,
  text: string,
  behind: readonly string[],
): Edit {
  const last = object.properties.findLast((each) => behind.includes(each.name?.getText() ?? ''));
  const [first] = object.properties;
  if (last) return { from: last.end, to: last.end, text: `, ${text}` };
  return { from: object.getStart() + 1, to: object.getStart() + 1, text: first ? `${text}, ` : text };
}

/** Adds a name to `const { a, b } = …`, before the one that is named, or at the end. */
export function addBinding(pattern: ts.ObjectBindingPattern, name: string, before?: string): Edit {
  return addAmong(pattern.elements, pattern.getStart() + 1, name, (node) => node.getText() === before);
}

function addAmong(
  nodes: ts.NodeArray<ts.Node>,
  start: number,
  text: string,
  isNext: (node: ts.Node) => boolean,
): Edit {
  const next = nodes.find(isNext);
  if (next) return { from: next.getStart(), to: next.getStart(), text: `${text}, ` };
  const last = nodes.at(-1);
  if (last) return { from: last.end, to: last.end, text: `, ${text}` };
  return { from: start, to: start, text };
}

/** Adds a member to a class, before the one that is named, or at the end. */
export function addMember(declaration: ts.ClassDeclaration, text: string, before?: string): Edit {
  const next = declaration.members.find((member) => member.name?.getText() === before);
  const position = next && before !== undefined ? behindComments(next) : declaration.end - 1;
  const isFirst = declaration.members.length === 0 || next === declaration.members[0];
  return {
    from: position,
    to: position,
    text: `${isFirst ? '' : '\n'}\n${text.trimEnd()}${next ? '' : '\n'}`,
  };
}

/** Takes nodes out of a list, with their comments and commas. */
export function removeAmong<T extends ts.Node>(nodes: ts.NodeArray<T>, isGone: (node: T) => boolean): Edit[] {
  return nodes.flatMap((node, index) => {
    if (!isGone(node)) return [];
    const next = nodes[index + 1];
    return [{ from: behindComments(node), to: next ? behindComments(next) : nodes.end, text: '' }];
  });
}

/** Where a member begins, behind the comments that stand on the line of the one before it. */
function behindComments(node: ts.Node): number {
  const start = node.getFullStart();
  return ts.getTrailingCommentRanges(node.getSourceFile().text, start)?.at(-1)?.end ?? start;
}
