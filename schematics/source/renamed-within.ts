import ts from 'typescript';
import type { Edit } from './edit.ts';
import {
  findNode,
  nameOf,
  nodesWithin,
  objectIn,
  optionalMethod,
  propertyNamed,
  variableNamed,
} from './places.ts';
import { accesses, entries, named, type Renaming, sayingsIn } from './renamed-places.ts';

/** The files of an object: its classes, and what is answered of it. */
export function placesInObject(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const classes = source.statements
    .filter(ts.isClassDeclaration)
    .filter((each) => renaming.within?.classes.includes(nameOf(each)));
  return classes.flatMap((each) => {
    const from = optionalMethod(each, 'from');
    if (!from) return entries(each.members, renaming);
    return [
      ...entries(each.members, renaming),
      ...named(objectIn(from, 'the object of from').properties, renaming),
      ...accesses(from, from.parameters.at(-1)?.name.getText(), renaming),
    ];
  });
}

/** The table of the feature's tests: the objects that are tried, but not what their fields hold. */
export function placesInEntry(source: ts.SourceFile, renaming: Renaming): Edit[] {
  const table = objectIn(variableNamed(source, renaming.names.records), 'the table');
  const { properties } = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  const field = properties.find((each) => nameOf(each) === renaming.within?.field);
  const entry = field && findNode(field, ts.isObjectLiteralExpression);
  if (!entry) return [];
  const isOfObject = (node: ts.Node) =>
    ts.isPropertyAssignment(node) &&
    nameOf(node) === renaming.from &&
    ts.findAncestor(node.parent.parent, ts.isObjectLiteralExpression) === entry;
  const found = nodesWithin(entry).filter(isOfObject);
  return [...named(found, renaming), ...found.flatMap((node) => sayingsIn(node, renaming))];
}
