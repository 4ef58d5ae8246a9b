import ts from 'typescript';
import { refuse } from '../naming/refusal.ts';
import type { Names } from '../naming/names.ts';
import { parse } from '../source/edit.ts';
import { findNode } from '../source/places.ts';
import { importsOf } from './imported-files.ts';
import { filesOf, folderOf } from './layout.ts';
import { wasGenerated } from './manifest.ts';
import { dropped } from './migration.ts';
import { GONE, type Project } from './project.ts';
import { unregistered } from './registration.ts';
import type { Noted } from './rule.ts';

/**
 * What `npm run feature -- invoices --remove` writes: its folder, its tests and its line among the modules go. With
 * `drop` what it has stored goes as well, also later, when the feature is no longer there.
 * @throws Refusal when others refer to it
 */
export function withoutFeature(project: Project, names: Names, drop: boolean): Noted {
  const { plural, collection } = names;
  const { schema, table } = filesOf(names);
  const isThere = project.read(schema) !== undefined;
  if (!isThere && !(drop && wasGenerated(project, plural))) {
    refuse(`There is no feature ${plural}: ${schema} is missing`);
  }
  if (isThere && project.read(table) === undefined) {
    refuse(
      `${plural} is not a generated feature: ${table} is missing. docs/architecture.md says which parts can be left out, and how`,
    );
  }
  const own = isThere ? filesOfFeature(project, names) : [];
  requireUnused(project, names, new Set(own));
  const gone = own.map((path): [string, string] => [path, GONE]);
  return {
    changes: new Map([
      ...gone,
      ...(isThere ? [unregistered(project, names)] : []),
      ...(drop ? dropped(project, names) : []),
    ]),
    notes: [
      ...(own.some((path) => /ref: 'StoredFile'/.test(project.read(path) ?? ''))
        ? ['Files that only its records refer to are removed after a day.']
        : []),
      ...(own.some((path) => path.endsWith('.config.ts'))
        ? ['It had environment variables of its own: npm run configuration updates their documentation.']
        : []),
      drop
        ? `A migration deletes the collection ${collection} with all of its records: it runs at the next start or by npm run migrate. Back them up first if they may still be needed.`
        : `The stored records stay in the collection ${collection}, which nothing reads any more. Once no process of the previous version is running, \`npm run feature -- ${plural} --remove --drop\` writes a migration that deletes it.`,
    ],
  };
}

/** Everything that is the feature's alone. Its migrations stay: databases remember that they have had them. */
function filesOfFeature(project: Project, names: Names): string[] {
  const { plural } = names;
  const { spec } = filesOf(names);
  const folder = project.filesIn(folderOf(names));
  const executors = folder.flatMap((path) => /\/executors\/([^/]+)\.executor\.ts$/.exec(path)?.[1] ?? []);
  const specs = new Set([spec, ...executors.map((name) => `test/${plural}-${name}.e2e-spec.ts`)]);
  const isTable = new RegExp(String.raw`^test/features/${plural}(\.fields-\d)?\.ts$`);
  const isOwn = (path: string) =>
    specs.has(path) ||
    isTable.test(path) ||
    (path.startsWith('test/migrations-') && importsOf(project, path).some((each) => isTable.test(each)));
  return [...folder, ...project.filesIn('test').filter(isOwn)];
}

/** @throws Refusal that says who refers to the feature, and how */
function requireUnused(project: Project, names: Names, own: ReadonlySet<string>): void {
  const { plural } = names;
  const users = ['src/modules', 'src/product', 'test']
    .flatMap((folder) => project.filesIn(folder))
    .filter((path) => path.endsWith('.ts') && !own.has(path))
    .flatMap((path) => {
      const found = referenceIn(project, path, names);
      return found === undefined ? [] : [`  ${path}: ${found}\n`];
    });
  if (users.length === 0) return;
  refuse(
    `Other code refers to ${plural}:\n${users.join('')}Remove that first; fields with npm run field -- <feature> <field> --remove. Nothing was changed`,
  );
}

/** How a file refers to a feature: undefined where it does not. */
function referenceIn(project: Project, path: string, names: Names): string | undefined {
  const { plural, Record, collection } = names;
  const text = project.read(path) ?? '';
  if (![plural, Record, collection].some((word) => text.includes(word))) return undefined;
  const isOurs = (file: string) =>
    file.startsWith(`${folderOf(names)}/`) || file.startsWith(`test/features/${plural}.`);
  const imported = importsOf(project, path).find(isOurs);
  if (imported !== undefined) return `imports ${imported}`;
  const isPermission = new RegExp(`^${plural}:[a-z-]+$`);
  const isAddress = new RegExp(String.raw`^/api/v1/${plural}(?![\w-])`);
  const isReference = (node: ts.Node): node is ts.StringLiteralLike => {
    if (!ts.isStringLiteralLike(node)) return false;
    const option = ts.isPropertyAssignment(node.parent) ? node.parent.name.getText() : '';
    return (
      (option === 'ref' && node.text === Record) ||
      (option === 'collection' && node.text === collection) ||
      isPermission.test(node.text) ||
      (path.startsWith('test/') && isAddress.test(node.text))
    );
  };
  const found = findNode(parse(text), isReference);
  return found && `says ${found.getText()}`;
}
