import ts from 'typescript';
import { applyEdits, type Edit, parse } from './edit.ts';
import { findNode, nameOf, nodesWithin, removeAmong } from './places.ts';
import { isOfChange } from './renamed-places.ts';

type Names = ReadonlySet<string>;

/** The file of the service of commands: what is gone is no longer stored, even if it is still taken. */
export function commandsWithout(text: string, gone: Names): string {
  const methods = nodesWithin(parse(text)).filter(ts.isMethodDeclaration);
  return applyEdits(
    text,
    methods.flatMap((method) => methodEdits(method, gone)),
  );
}

function methodEdits(method: ts.MethodDeclaration, gone: Names): Edit[] {
  const isChange = (node: ts.Node): node is ts.ObjectLiteralExpression =>
    ts.isObjectLiteralExpression(node) && isOfChange(node);
  const change = findNode(method, isChange);
  const edits = change ? removeAmong(change.properties, (each) => gone.has(nameOf(each))) : [];
  const dto = method.parameters.find((each) => nameOf(each) === 'dto');
  const isLeft = (node: ts.Node) => !edits.some(({ from, to }) => node.pos >= from && node.end <= to);
  const isRead = (node: ts.Node) =>
    ts.isIdentifier(node) && node.text === 'dto' && node.parent !== dto && isLeft(node);
  if (!dto || edits.length === 0 || nodesWithin(method).some(isRead)) return edits;
  return [...edits, { from: dto.getStart(), to: dto.getStart(), text: '_' }];
}

/** The fields among these that a command takes, in the file of what it takes. */
export function takenIn(text: string, gone: Names): string[] {
  const classes = parse(text).statements.filter(ts.isClassDeclaration);
  return classes.flatMap(({ members }) => members.map(nameOf)).filter((name) => gone.has(name));
}

/** The states that commands take a record to, in the table of the tests. */
export function targetEdits(table: ts.ObjectLiteralExpression, gone: Names): Edit[] {
  const isGone = (node: ts.Node) => gone.has(nameOf(node));
  const commands = table.properties.find((each) => nameOf(each) === 'commands');
  const entries = commands && findNode(commands, ts.isObjectLiteralExpression)?.properties;
  return (entries ?? []).flatMap((entry) => {
    const command = findNode(entry, ts.isObjectLiteralExpression);
    const to = command?.properties.find((each) => nameOf(each) === 'to');
    const states = to && findNode(to, ts.isObjectLiteralExpression);
    if (!command || !states?.properties.some(isGone)) return [];
    return states.properties.every(isGone)
      ? removeAmong(command.properties, (node) => node === to)
      : removeAmong(states.properties, isGone);
  });
}
