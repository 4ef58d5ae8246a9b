import ts from 'typescript';
import { IMPORTS } from './imported.ts';

/** What every record has, or its list takes as a parameter. */
const OF_EVERY_RECORD = new Set(
  'id _id __v version owner ownerId createdBy createdAt updatedAt trashedAt limit offset page cursor total sort q by format trash'.split(
    ' ',
  ),
);
const LIST_PARAMETERS = new Set('limit offset page cursor total sort q by format trash'.split(' '));
/** What JavaScript asks of objects that are awaited or written as JSON. */
const OF_OBJECTS = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'then', 'toJSON']);
/** What Mongoose's documents have. */
const OF_DOCUMENTS = new Set(
  'validate toObject save remove populated isNew isModified init get errors collection removeListener listeners emit on'.split(
    ' ',
  ),
);
/** Variables of the generated code. */
const VARIABLES = new Set(['scope', 'query', 'dto', 'id', 'once', 'transaction', 'ifMatch']);
/** What the generated code uses of the language. */
const GLOBALS = new Set([
  'Date',
  'Promise',
  'String',
  'Number',
  'Boolean',
  'Object',
  'Array',
  'Symbol',
  'Readonly',
  'Record',
]);

/** A word that cannot name a variable. */
function isKeyword(word: string): boolean {
  const kind = ts.identifierToKeywordKind(ts.factory.createIdentifier(word));
  return (
    (kind !== undefined &&
      kind >= ts.SyntaxKind.FirstReservedWord &&
      kind <= ts.SyntaxKind.LastFutureReservedWord) ||
    ['await', 'async', 'arguments', 'eval', 'undefined', 'NaN', 'Infinity'].includes(word)
  );
}

/** Why a field cannot have a name; undefined when it can. */
export function fieldNameFault(name: string, isWithin = false): string | undefined {
  // An object within a record is asked for nothing, and has no id.
  if (OF_EVERY_RECORD.has(name) && !(isWithin && LIST_PARAMETERS.has(name)))
    return 'every record or list has one of that name';
  if (isKeyword(name)) return 'it is a word of the language';
  if (OF_OBJECTS.has(name) || OF_DOCUMENTS.has(name)) return 'objects have something of that name';
  if (VARIABLES.has(name) || Object.hasOwn(IMPORTS, name))
    return 'the generated code has something of that name';
  return undefined;
}

/** Why something that the generated code declares cannot have a name; undefined when it can. */
export function declarationFault(name: string): string | undefined {
  if (isKeyword(name)) return 'a word of the language';
  if (GLOBALS.has(name) || VARIABLES.has(name) || Object.hasOwn(IMPORTS, name))
    return 'used by the generated code';
  return undefined;
}
