import ts from 'typescript';
import { parse } from './edit.ts';

/** The classes, types and constants that a file exports. Nest and Swagger know classes by their names alone. */
export function exportsOf(text: string): string[] {
  return parse(text).statements.flatMap((statement) => {
    const isExported = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExport);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    const { name } = statement as ts.DeclarationStatement;
    return name ? [name.getText()] : [];
  });
}

function isExport({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword;
}
