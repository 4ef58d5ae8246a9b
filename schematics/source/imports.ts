import ts from 'typescript';
import { type Import, IMPORTS } from '../specification/imported.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { exportsOf } from './exported.ts';

interface Named {
  readonly name: string;
  readonly isType: boolean;
}

/** One import statement. Types alone make an `import type`; beside values each says so itself. */
function statement(from: string, named: readonly Named[], byDefault: string | undefined): string {
  const sorted = named.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }));
  const isTypeOnly = byDefault === undefined && sorted.every(({ isType }) => isType);
  const names = sorted.map(({ name, isType }) => (isType && !isTypeOnly ? `type ${name}` : name));
  const parts = [byDefault, names.length > 0 && `{ ${names.join(', ')} }`].filter(Boolean).join(', ');
  return `import ${isTypeOnly ? 'type ' : ''}${parts} from '${from}';`;
}

/** The names that a source uses and does not declare as members of something. */
function usedIn(source: ts.SourceFile): Set<string> {
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isIdentifier(node) && !isMemberName(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used;
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isQualifiedName(parent) && parent.right === node) ||
    ((ts.isPropertyDeclaration(parent) || ts.isMethodDeclaration(parent)) && parent.name === node)
  );
}

function order(from: string): string {
  const rank = from.startsWith('./') ? 2 : from.startsWith('../') ? 1 : 0;
  return `${rank}${from}`;
}

/**
 * The source with an import of each known name that it uses: names join the statement of their module, new
 * statements stand in the order packages, platform, neighbours.
 * @param own names that the feature's other files declare
 */
export function withImports(text: string, own: Readonly<Record<string, Import>> = {}): string {
  const source = parse(text);
  const statements = source.statements.filter((node) => ts.isImportDeclaration(node));
  const imported = new Set(statements.flatMap(namesOf).map(({ name }) => name));
  const known: Readonly<Record<string, Import>> = { ...IMPORTS, ...own };
  const declared = new Set(exportsOf(text));
  const missing = [...usedIn(source)].filter(
    (name) => Object.hasOwn(known, name) && !imported.has(name) && !declared.has(name),
  );
  const byModule = Map.groupBy(missing, (name) => known[name]?.from ?? '');
  const edits: Edit[] = [];
  const fresh: { from: string; text: string }[] = [];
  for (const [from, names] of byModule) {
    const there = statements.find((node) => pathOf(node) === from);
    const before = there ? namesOf(there) : [];
    const kinds = names.map((name) => ({ name, kind: known[name]?.kind }));
    const named = [
      ...before.filter(({ isDefault }) => !isDefault),
      ...kinds
        .filter(({ kind }) => kind !== 'default')
        .map(({ name, kind }) => ({ name, isType: kind === 'type' })),
    ];
    const byDefault =
      before.find(({ isDefault }) => isDefault)?.name ?? kinds.find(({ kind }) => kind === 'default')?.name;
    const written = statement(from, named, byDefault);
    if (there) edits.push({ from: there.getStart(), to: there.end, text: written });
    else fresh.push({ from, text: written });
  }
  for (const each of fresh) edits.push(placed(each.from, each.text, statements));
  return applyEdits(text, edits);
}

/** The names that a source imports, and what from. */
export function importedIn(text: string): Record<string, Import> {
  const statements = parse(text).statements.filter(ts.isImportDeclaration);
  return Object.fromEntries(
    statements.flatMap((node) =>
      namesOf(node).map(({ name, isType, isDefault }) => [
        name,
        { from: pathOf(node), kind: isDefault ? 'default' : isType ? 'type' : 'value' } as const,
      ]),
    ),
  );
}

/** The source without the imports of those names that it no longer uses. */
export function withoutUnused(text: string, names: readonly string[]): string {
  const source = parse(text);
  const used = usedIn(source);
  const gone = new Set(names.filter((name) => !used.has(name)));
  const edits = source.statements.filter(ts.isImportDeclaration).flatMap((node): Edit[] => {
    const before = namesOf(node);
    const left = before.filter(({ name }) => !gone.has(name));
    if (left.length === before.length) return [];
    if (left.length === 0) return [{ from: node.getFullStart(), to: node.end, text: '' }];
    const named = left.filter(({ isDefault }) => !isDefault);
    const written = statement(pathOf(node), named, left.find(({ isDefault }) => isDefault)?.name);
    return [{ from: node.getStart(), to: node.end, text: written }];
  });
  return applyEdits(text, edits);
}

/** Where a new statement belongs among those that are there. */
function placed(from: string, line: string, statements: readonly ts.ImportDeclaration[]): Edit {
  const next = statements.find((node) => order(pathOf(node)) > order(from));
  const last = statements.at(-1);
  const position = next?.getStart() ?? last?.end ?? 0;
  const text = next ? `${line}\n` : last ? `\n${line}` : `${line}\n`;
  return { from: position, to: position, text, order: order(from) };
}

function pathOf(node: ts.ImportDeclaration): string {
  return (node.moduleSpecifier as ts.StringLiteral).text;
}

function namesOf({ importClause }: ts.ImportDeclaration): (Named & { isDefault: boolean })[] {
  if (!importClause) return [];
  const { name, namedBindings } = importClause;
  const isTypeOnly = importClause.phaseModifier === ts.SyntaxKind.TypeKeyword;
  const elements = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
  return [
    ...(name ? [{ name: name.text, isType: isTypeOnly, isDefault: true }] : []),
    ...elements.map((each) => ({
      name: each.name.text,
      isType: isTypeOnly || each.isTypeOnly,
      isDefault: false,
    })),
  ];
}
