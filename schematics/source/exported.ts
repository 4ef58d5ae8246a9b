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

/** The classes that a file exports: Mongoose and Swagger know them by their names alone. */
export function classesOf(text: string): string[] {
  return parse(text).statements.flatMap((statement) =>
    ts.isClassDeclaration(statement) && statement.name && isExported(statement) ? [statement.name.text] : [],
  );
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
