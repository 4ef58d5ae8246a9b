import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { applyEdits, type Edit, parse } from '../source/edit.ts';
import { propertiesOf, textsIn } from '../source/fields-there.ts';
import { piecesOf } from '../source/pieces.ts';
import { nameOf, optionalProperty, variableNamed } from '../source/places.ts';
import {
  placesInCommandDto,
  placesInCommands,
  placesInDto,
  placesInSchema,
  placesInService,
  placesInTable,
  placesOfDeclared,
  placesOfTaken,
  type Renaming,
  takenCode,
  type Within,
} from '../source/renamed-places.ts';
import { placesInEntry, placesInObject } from '../source/renamed-within.ts';
import { Code, type Mention, mentionsIn, placeOf } from './code.ts';
import { reaching } from './imported-files.ts';
import { byShape, filesOf, folderOf, textOf } from './layout.ts';
import { nestedFilesOf } from './less-fields.ts';
import { existing } from './more-fields.ts';
import type { Changes, Project } from './project.ts';

/** What new names of fields make of the code of a project. */
export interface Followed {
  readonly changes: Changes;
  /** Places that name such a field, or something else of its name: nobody can tell. A line for each. */
  readonly unclear: readonly string[];
}

/** The changes of each file by where they begin: of several at a place the first one counts. */
type Places = Map<string, Map<number, Edit>>;

function add(places: Places, path: string, edits: readonly Edit[]): void {
  const there = places.get(path) ?? new Map<number, Edit>();
  for (const edit of edits) if (!there.has(edit.from)) there.set(edit.from, edit);
  if (there.size > 0) places.set(path, there);
}

type Find = (source: ts.SourceFile, renaming: Renaming) => Edit[];

/** The code with the new names: where commands have written it by its syntax, elsewhere as the compiler understands it. */
export function withNewNames(project: Project, names: Names, renamings: readonly Renaming[]): Followed {
  const places: Places = new Map();
  const unclear = new Set<string>();
  const generated = generatedIn(project, names);
  const paths = pathsNaming(project, names, renamings);
  let code: Code | undefined;
  for (const renaming of renamings) {
    const { from, to, within } = renaming;
    const own = ownFilesOf(project, names, within);
    for (const [path, find] of own) {
      add(
        places,
        path,
        byShape(project, path, (text) => find(parse(text), renaming)),
      );
    }
    const declared = new Set(own.flatMap(([path]) => declaredIn(path, textOf(project, path), renaming)));
    for (const path of paths) {
      const source = parse(textOf(project, path));
      add(places, path, placesOfDeclared(source, renaming));
      if (!within) add(places, path, placesOfTaken(source, renaming));
      const isLeft = (node: ts.Node) => !isChanged(node, places.get(path));
      if (!mentionsIn(source, from).some(isLeft)) continue;
      // It takes seconds, and nothing where people have written nothing.
      code ??= new Code(asOne(project, names), paths);
      const isOwn = path.startsWith(`${folderOf(names)}/`) || path.startsWith('test/');
      const { edits, left } = follow(code.mentions(path, from), to, declared, isOwn);
      add(places, path, edits);
      if (isAbout(project, names, path))
        for (const node of left.filter(isLeft))
          if (!(within || isMoney(node)) || !generated(path, node)) unclear.add(lineOf(path, node));
    }
  }
  const changes = [...places].map(([path, edits]): [string, string] => [
    path,
    applyEdits(textOf(project, path), [...edits.values()]),
  ]);
  return { changes: new Map(changes), unclear: [...unclear] };
}

/**
 * What becomes of the mentions of something that is declared in certain places, and those that may be of it.
 * @param isOwn whether the file may describe the feature in types of its own; another feature describes itself
 */
function follow(
  mentions: readonly Mention[],
  to: string,
  declared: ReadonlySet<string>,
  isOwn: boolean,
): { edits: Edit[]; left: ts.Node[] } {
  const isOurs = ({ declaredAt }: Mention) => declaredAt.some((place) => declared.has(place));
  const isUnclear = ({ node: { parent }, declaredAt }: Mention) =>
    declaredAt.length === 0 ||
    (isOwn && (ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)));
  return {
    edits: mentions.filter(isOurs).map(({ node }) => renamedAt(node, to)),
    left: mentions.filter((each) => !isOurs(each) && isUnclear(each)).map(({ node }) => node),
  };
}

/** What stands in short for a property and a variable (`{ dueAt }`) keeps the variable. */
function renamedAt(node: Mention['node'], to: string): Edit {
  const { parent } = node;
  const [from, end] = ts.isIdentifier(node)
    ? [node.getStart(), node.end]
    : [node.getStart() + 1, node.end - 1];
  const isShort =
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent) && !parent.propertyName);
  return { from, to: end, text: isShort ? `${to}: ${node.text}` : to };
}

/** `{ amount: '12.30', currency: 'EUR' }`: what is called so in it is no field. */
function isMoney({ parent }: ts.Node): boolean {
  if (!ts.isPropertyAssignment(parent)) return false;
  const names = new Set(parent.parent.properties.map(nameOf));
  return names.has('amount') && names.has('currency');
}

function isChanged(node: ts.Node, changes: ReadonlyMap<number, Edit> = new Map()): boolean {
  return [...changes.keys()].some((at) => at >= node.getStart() && at < node.end);
}

function lineOf(path: string, node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${path}:${line + 1}: ${source.text.split('\n')[line]?.trim().slice(0, 100)}`;
}

/** Tells what commands have written of other fields: what is called as a field within an object, is not that. */
function generatedIn(project: Project, names: Names): (path: string, node: ts.Node) => boolean {
  const { schema, dto, table, service } = filesOf(names);
  const fields = existing(project, names).fields.flatMap((field) => nestedFilesOf(project, names, field));
  const paths = new Set([schema, dto, table, ...fields.map(([path]) => path)]);
  return (path, node) =>
    paths.has(path) ||
    (path === service && ts.findAncestor(node, ts.isMethodDeclaration)?.name.getText() === 'list');
}

/** The files that commands write into when a feature, or an object, gets a field, and how it stands there. */
function ownFilesOf(project: Project, names: Names, within?: Within): [path: string, find: Find][] {
  const { singular, records } = names;
  const files = filesOf(names);
  if (within) {
    return [
      [`${within.file}.schema.ts`, placesInObject],
      [`${within.file}.dto.ts`, placesInObject],
      [files.table, placesInEntry],
    ];
  }
  const declared = byShape(project, files.schema, (text) => variableNamed(parse(text), records));
  const commands = textsIn(optionalProperty(declared, 'commands')) ?? [];
  const folder = folderOf(names);
  const ofCommands: [string, Find][] = [
    [`${folder}/${singular}-commands.service.ts`, placesInCommands],
    ...commands.map((verb): [string, Find] => [`${folder}/${verb}-${singular}.dto.ts`, placesInCommandDto]),
  ];
  return [
    [files.schema, placesInSchema],
    [files.dto, placesInDto],
    [files.service, placesInService],
    [files.table, placesInTable],
    ...ofCommands.filter(([path]) => project.read(path) !== undefined),
  ];
}

/** Where the classes of a file of the feature declare a field. */
function declaredIn(path: string, text: string, { names, from, within }: Renaming): string[] {
  const { Record, Feature } = names;
  const classes = within?.classes ?? [Record, String.raw`\w*${Record}Dto`, `List${Feature}Query`];
  const isOurs = new RegExp(`^(${classes.join('|')})$`);
  return parse(text)
    .statements.filter(ts.isClassDeclaration)
    .filter(({ name }) => isOurs.test(name?.text ?? ''))
    .flatMap(propertiesOf)
    .filter(({ name }) => name.getText() === from)
    .map(({ name }) => placeOf(path, name.getStart()));
}

/** The project with the DTOs of the feature in one file, as the plan reads and changes them. */
function asOne(project: Project, names: Names): Project {
  const pieces = piecesOfDto(project, names);
  const instead = `export * from './${names.singular}.dto.js';\n`;
  return { ...project, read: (path) => (pieces.includes(path) ? instead : project.read(path)) };
}

function piecesOfDto(project: Project, names: Names): string[] {
  return piecesOf(filesOf(names).dto, (path) => project.read(path));
}

/** The files that may be about what is renamed: they have one of the names in them, and something of the feature. */
function pathsNaming(project: Project, names: Names, renamings: readonly Renaming[]): string[] {
  const words = renamings.flatMap(({ from, declared }) => [from, takenCode(names, from), ...declared.keys()]);
  const isNaming = new RegExp(String.raw`\b(${words.join('|')})\b`);
  const read = (path: string) => project.read(path);
  const pieces = new Set([...piecesOfDto(project, names), ...piecesOf(filesOf(names).table, read)]);
  const sources = sourcesOf(project);
  const reached = reaching(project, folderOf(names), sources);
  return sources.filter(
    (path) =>
      !pieces.has(path) &&
      isNaming.test(project.read(path) ?? '') &&
      (reached.has(path) || isAbout(project, names, path)),
  );
}

/** The files that speak of the feature: its own, and others that import them or send requests to it. */
export function pathsAbout(project: Project, names: Names): string[] {
  const sources = sourcesOf(project);
  const reached = reaching(project, folderOf(names), sources);
  const isUsing = (path: string) => reached.has(path) || project.read(path)?.includes(`/${names.plural}`);
  return sources.filter((path) => isAbout(project, names, path) && isUsing(path));
}

/** Migrations stay as they are, and the generator's own tests speak of features that are not there. */
const OTHERS = /^(src\/migrations|test\/schematics)\//;

function sourcesOf(project: Project): string[] {
  return ['src', 'test']
    .flatMap((folder) => project.filesIn(folder))
    .filter((path) => path.endsWith('.ts') && !OTHERS.test(path));
}

/** Whether a file is about the feature at all. */
function isAbout(project: Project, names: Names, path: string): boolean {
  const { Record, records, plural, collection } = names;
  if (path.startsWith(`${folderOf(names)}/`)) return true;
  // The table of another feature names fields of its own.
  if (path.startsWith('test/features/')) return path === filesOf(names).table;
  const isSaid = new RegExp(String.raw`\b(${[Record, records, plural, collection].join('|')})\b`);
  return isSaid.test(project.read(path) ?? '');
}
