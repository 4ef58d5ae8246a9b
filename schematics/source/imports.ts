import ts from 'typescript';
import { applyEdits, type Edit, parse } from './edit.ts';

const HTTP = '../../platform/http';
const DATABASE = '../../platform/database';
const VALIDATION = '../../platform/validation';

/** Where generated code has its names from; types are marked, and are imported as such. */
const MODULES: Readonly<Record<string, string>> = {
  '@nestjs/common': 'Body Controller Delete Get Injectable Module Param Patch Post Put Query',
  '@nestjs/mongoose': 'InjectModel MongooseModule Prop Schema SchemaFactory',
  '@nestjs/swagger': 'ApiOperation ApiProperty PartialType',
  'class-validator': 'IsBoolean IsDate IsIn IsInt IsNumber IsOptional IsString Max Min',
  mongoose: 'type:Model Types default:mongoose',
  '../../platform/docs/section.js': 'ApiSection',
  [`${DATABASE}/defaults.js`]: 'type:Defaults nullsToDefaults withDefaults',
  [`${DATABASE}/filter.js`]: 'contains',
  [`${DATABASE}/record.js`]: 'OwnedRecord RECORD_OPTIONS StoredRecord',
  [`${DATABASE}/repository.js`]: 'Repositories type:Repository',
  [`${DATABASE}/transactions.js`]: 'type:Transaction',
  [`${HTTP}/answers.js`]: 'Answers AnswersMessage AnswersPage',
  [`${HTTP}/entity-tag.js`]: 'IfMatch type:Precondition',
  [`${HTTP}/page.js`]: 'mapPage type:Page PageQuery',
  [`${HTTP}/record-id.dto.js`]: 'IdParams',
  '../../platform/idempotency/once.js': 'CreateOnce type:Once',
  '../../platform/security/access.js': 'CurrentScope OwnerOr Requires SignedIn',
  '../../platform/security/caller.js': 'type:Scope',
  [`${VALIDATION}/fields.js`]:
    'Compose EmailAddress List Name Nullable OwnerFilter QueryFlag QueryInteger QueryNumber RecordId Reference SafeInteger Text UtcTime WebUrl',
  [`${VALIDATION}/is-metadata.js`]: 'IsMetadata type:Metadata',
  [`${VALIDATION}/rich-text.js`]: 'RichText',
};

interface Import {
  readonly from: string;
  readonly kind: 'value' | 'type' | 'default';
}

/** Every name that generated code may import. */
export const IMPORTS: Readonly<Record<string, Import>> = Object.fromEntries(
  Object.entries(MODULES).flatMap(([from, names]) =>
    names.split(' ').map((text): [string, Import] => {
      const [kind = '', name] = text.split(':');
      return name === undefined ? [kind, { from, kind: 'value' }] : [name, { from, kind: kind as 'type' }];
    }),
  ),
);

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
  const missing = [...usedIn(source)].filter((name) => Object.hasOwn(known, name) && !imported.has(name));
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
