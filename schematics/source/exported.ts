import ts from 'typescript';
import { parse } from './edit.ts';

/** The classes, types and constants that a file exports. */
export function exportsOf(text: string): string[] {
  return parse(text).statements.flatMap((statement) => {
    if (!isExported(statement)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    const { name } = statement as ts.DeclarationStatement;
    return name ? [name.getText()] : [];
  });
}

/** The classes that a file exports, and that Mongoose, Swagger or Nest may know by their names alone. */
export function classesOf(text: string): string[] {
  return parse(text).statements.flatMap((statement) =>
    ts.isClassDeclaration(statement) && statement.name && isExported(statement) && !isPlain(statement)
      ? [statement.name.text]
      : [],
  );
}

/** Bases whose classes are stored or documented. */
const KNOWN_BASE = /(Dto|Input|Query|Params|Record)$|\(/;

/** Whether a class is known to nobody but who imports it: others may have its name. */
function isPlain(declaration: ts.ClassDeclaration): boolean {
  const decorators = [declaration, ...declaration.members].flatMap((node) =>
    ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [],
  );
  const base = declaration.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return (
    !KNOWN_BASE.test(base?.types[0]?.expression.getText() ?? '') &&
    decorators.every(({ expression }) => expression.getText() === 'Injectable()')
  );
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
