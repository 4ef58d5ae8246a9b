import ts from 'typescript';
import type { Import } from '../specification/imported.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { importedIn, withImports, withoutUnused } from './imports.ts';
import { objectIn, optionalProperty } from './places.ts';

/** Files by their paths. */
type Files = ReadonlyMap<string, string>;

/** Lines of a piece of a table; its head takes some more. */
const MAX_PIECE = 280;

const DTO = /^src\/modules\/.*\/([^/.]+)\.dto\.ts$/;
const TABLE = /^test\/features\/([^/.]+)\.ts$/;
/** What is sent, and what lists are asked by, stand beside what is answered. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['input', /^(?:Create|Replace|Update)\w+Dto$/],
  ['query', /^(?:List|Count)\w+Query$/],
];

/** Whether a file that is too long can be written in pieces. */
export function isDivisible(path: string): boolean {
  return DTO.test(path) || TABLE.test(path);
}

/** The paths of the pieces of a file, as far as there are some. */
export function piecesOf(path: string, read: (path: string) => string | undefined): string[] {
  const stem = path.slice(0, -'.ts'.length);
  const possible = DTO.test(path)
    ? PARTS.map(([part]) => path.replace(/\.dto\.ts$/, `.${part}.dto.ts`))
    : TABLE.test(path)
      ? Array.from({ length: 9 }, (_, index) => `${stem}.fields-${index + 1}.ts`)
      : [];
  return possible.filter((piece) => read(piece) !== undefined);
}

/** A file with its pieces, as if it had been written in one; undefined where it has none. */
export function wholeOf(path: string, read: (path: string) => string | undefined): string | undefined {
  const main = read(path);
  const pieces = piecesOf(path, read).map((piece) => read(piece) ?? '');
  if (main === undefined || pieces.length === 0) return undefined;
  const own = Object.assign({}, ...pieces.map(importedIn)) as Record<string, Import>;
  const whole = TABLE.test(path) ? tableOf(main, pieces) : dtoOf(main, pieces);
  return withImports(whole, own);
}

/** What a file says behind its imports. */
function bodyOf(text: string): string {
  const last = parse(text).statements.findLast((node) => ts.isImportDeclaration(node) || isForwarding(node));
  return text.slice(last?.end ?? 0).trim();
}

function isForwarding(node: ts.Statement): boolean {
  return ts.isExportDeclaration(node) && node.exportClause === undefined;
}

function dtoOf(main: string, pieces: readonly string[]): string {
  const source = parse(main);
  const edits = source.statements
    .filter(isForwarding)
    .map((node): Edit => ({ from: node.getFullStart(), to: node.end, text: '' }));
  const last = source.statements.findLast((node) => ts.isImportDeclaration(node) || isForwarding(node));
  const at = last?.end ?? 0;
  const text = `\n\n${pieces.map(bodyOf).join('\n\n')}`;
  return applyEdits(main, [...edits, { from: at, to: at, text }]);
}

function tableOf(main: string, pieces: readonly string[]): string {
  const source = parse(main);
  const fields = optionalProperty(source, 'fields');
  if (!fields) return main;
  const entries = pieces.map((piece) => {
    const object = objectIn(parse(piece), 'the fields of a piece');
    return piece
      .slice(object.getStart() + 1, object.end - 1)
      .trim()
      .replace(/,$/, '');
  });
  const own = (ts.isObjectLiteralExpression(fields) ? fields.properties : [])
    .filter((property) => !ts.isSpreadAssignment(property))
    .map((property) => property.getText());
  const text = `{\n${[...entries, ...own].join(',\n')},\n}`;
  const imports = source.statements
    .filter(ts.isImportDeclaration)
    .filter((node) => /\.fields-\d\.js'$/.test(node.moduleSpecifier.getText()))
    .map((node): Edit => ({ from: node.getFullStart(), to: node.end, text: '' }));
  return applyEdits(main, [...imports, { from: fields.getStart(), to: fields.end, text }]);
}

/** A file in pieces. */
export function divided(path: string, text: string): Files {
  return TABLE.test(path) ? dividedTable(path, text) : dividedDto(path, text);
}

function declaredIn(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = node as ts.DeclarationStatement;
  return name ? [name.getText()] : [];
}

function dividedDto(path: string, text: string): Files {
  const source = parse(text);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const head = imports.map((node) => node.getText()).join('\n');
  const others = source.statements.filter((node) => !ts.isImportDeclaration(node));
  const partOf = (node: ts.Statement) =>
    PARTS.find(([, isIn]) => declaredIn(node).some((name) => isIn.test(name)))?.[0] ?? '';
  const fileOf = (part: string) => (part === '' ? path : path.replace(/\.dto\.ts$/, `.${part}.dto.ts`));
  const relative = (part: string) => `./${fileOf(part).split('/').at(-1)?.replace(/\.ts$/, '.js')}`;
  const own: Record<string, Import> = Object.fromEntries(
    others.flatMap((node) =>
      declaredIn(node).map((name) => [name, { from: relative(partOf(node)), kind: 'value' as const }]),
    ),
  );
  const parts = PARTS.map(([part]) => part).filter((part) => others.some((node) => partOf(node) === part));
  return new Map(
    ['', ...parts].map((part): [string, string] => {
      const nodes = others.filter((node) => partOf(node) === part);
      const here = new Set(nodes.flatMap(declaredIn));
      const elsewhere = Object.fromEntries(Object.entries(own).filter(([name]) => !here.has(name)));
      const body = nodes.map((node) => node.getFullText().trim()).join('\n\n');
      const forwards =
        part === '' ? parts.map((each) => `export * from '${relative(each)}';\n`).join('') : '';
      const written = withImports(`${head}\n\n${body}\n`, elsewhere);
      const kept = withoutUnused(written, Object.keys(importedIn(written)));
      return [fileOf(part), withForwards(kept, forwards)];
    }),
  );
}

function withForwards(text: string, forwards: string): string {
  if (forwards === '') return text;
  const last = parse(text).statements.findLast((node) => ts.isImportDeclaration(node));
  const at = last?.end ?? 0;
  return applyEdits(text, [{ from: at, to: at, text: `\n\n${forwards}` }]);
}

function dividedTable(path: string, text: string): Files {
  const source = parse(text);
  const fields = optionalProperty(source, 'fields');
  if (!fields || !ts.isObjectLiteralExpression(fields)) return new Map([[path, text]]);
  const pieces: string[][] = [];
  let room = 0;
  for (const property of fields.properties) {
    const entry = property.getText();
    const lines = entry.split('\n').length;
    if (lines > room) {
      pieces.push([]);
      room = MAX_PIECE;
    }
    pieces.at(-1)?.push(entry);
    room -= lines;
  }
  const name = TABLE.exec(path)?.[1] ?? '';
  const constants = pieces.map((_, index) => `FIELDS_${index + 1}`);
  const imported = constants
    .map((constant, index) => `import { ${constant} } from './${name}.fields-${index + 1}.js';\n`)
    .join('');
  const main = applyEdits(text, [
    { from: 0, to: 0, text: imported },
    {
      from: fields.getStart(),
      to: fields.end,
      text: `{ ${constants.map((each) => `...${each}`).join(', ')} }`,
    },
  ]);
  const head = source.statements
    .filter(ts.isImportDeclaration)
    .map((node) => node.getText())
    .join('\n');
  const own = importedIn(text);
  const tidy = (whole: string) => withoutUnused(whole, Object.keys(own));
  return new Map([
    [path, tidy(main)],
    ...pieces.map((entries, index): [string, string] => [
      path.replace(/\.ts$/, `.fields-${index + 1}.ts`),
      tidy(
        `${head}\n\nexport const FIELDS_${index + 1}: Feature['fields'] = {\n${entries.join(',\n')},\n};\n`,
      ),
    ]),
  ]);
}
