import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';
import { NESTED, nestedNames } from '../types/nested.ts';
import { parse } from '../source/edit.ts';
import { textsIn } from '../source/fields-there.ts';
import { commandsWithout, takenIn } from '../source/commands-gone.ts';
import {
  controllerWithout,
  dtoWithout,
  type Leaving,
  namedIn,
  schemaWithout,
  serviceWithout,
  tableWithout,
} from '../source/fields-gone.ts';
import { classNamed, findNode, optionalProperty, variableNamed } from '../source/places.ts';
import { byShape, editedFiles, filesOf, folderOf } from './layout.ts';
import { wasRemoved } from './manifest.ts';
import { removedFields } from './migration.ts';
import { changed, GONE, type Project } from './project.ts';
import { existing } from './more-fields.ts';
import type { Noted } from './rule.ts';

/** What the schema's file declares of fields that are to go. */
interface Going {
  /** The lists that are declared with them, as commands write them. */
  readonly lists: readonly string[];
  /** What is still searched, where one of them was. */
  readonly searched: readonly string[] | undefined;
  /** Those without which no further record could be stored while their index is there. */
  readonly inTheWay: readonly string[];
  readonly holdFiles: boolean;
  readonly isListed: boolean;
  readonly isCounted: boolean;
}

/**
 * What `npm run field -- invoices dueAt --remove` writes. With `drop` what is stored of the fields goes as well, also
 * later, when the feature no longer has them.
 * @throws Refusal when they cannot be taken out
 */
export function withoutFields(
  project: Project,
  names: Names,
  fields: readonly string[],
  drop: boolean,
): Noted {
  const there = existing(project, names).fields;
  const isThere = (name: string) => there.includes(name);
  for (const [index, name] of fields.entries()) {
    if (fields.indexOf(name) < index) refuse(`${name} is named twice`);
    if (name.includes(':')) refuse(`--remove takes names: write ${name.split(':')[0]}, not ${name}`);
    if (name.includes('.')) {
      refuse(
        `${name} is a field of an object: take it out of the two files of the object and of its entry in ${filesOf(names).table} by hand. Its stored values stay, and are not answered`,
      );
    }
    if (!isThere(name) && !(drop && wasRemoved(project, names.plural, name)))
      refuse(`${names.plural} has no field ${name}`);
  }
  const gone = new Set(fields.filter(isThere));
  if (gone.size > 0 && there.every((name) => gone.has(name))) {
    refuse(
      `${names.plural} would have no fields left: npm run feature -- ${names.plural} --remove removes it`,
    );
  }
  const { schema } = filesOf(names);
  const going = byShape(project, schema, (text) => goingIn(text, names, gone));
  const changes = new Map(gone.size > 0 ? edited(project, { names, gone, ...going }) : []);
  const migration = removedFields(changed(project, changes), names, {
    removed: drop ? fields : [],
    unindexed: drop ? [] : going.inTheWay,
    searched: going.searched ?? [],
  });
  return {
    changes: new Map([...changes, ...migration]),
    notes: [...stillTaken(project, names, gone), ...notesOf(names, fields, drop, going)],
  };
}

function goingIn(text: string, names: Names, gone: ReadonlySet<string>): Going {
  const source = parse(text);
  const record = classNamed(source, names.Record);
  const declared = variableNamed(source, names.records);
  const textsOf = (name: string) => textsIn(optionalProperty(declared, name)) ?? [];
  const left = (name: string) => textsOf(name).filter((each) => !gone.has(each));
  const lists = optionalProperty(declared, 'lists');
  const all = lists && ts.isArrayLiteralExpression(lists) ? lists.elements.map(namedIn) : [];
  const going = all.filter((list) => list.some((name) => gone.has(name)));
  const props = record.members.filter((member) => gone.has(member.name?.getText() ?? ''));
  const isRequired = (name: string) =>
    props.some((each) => each.name?.getText() === name && optionalProperty(each, 'required') !== undefined);
  return {
    lists: going.map((list) => list.join('+')),
    searched: textsOf('search').some((name) => gone.has(name)) ? left('search') : undefined,
    inTheWay: textsOf('unique').filter((name) => gone.has(name) && isRequired(name)),
    holdFiles: props.some((each) => optionalProperty(each, 'ref')?.getText() === "'StoredFile'"),
    isListed: all.length > going.length || left('search').length > 0,
    isCounted: left('stats').length > 0,
  };
}

function edited(project: Project, leaving: Leaving): [string, string][] {
  const { names, gone } = leaving;
  const files = filesOf(names);
  const edits = [
    [files.schema, schemaWithout],
    [files.dto, dtoWithout],
    [files.service, serviceWithout],
    [files.controller, controllerWithout],
    [files.table, tableWithout],
  ] as const;
  const commands = `${folderOf(names)}/${names.singular}-commands.service.ts`;
  return [
    ...editedFiles(project, edits, leaving),
    ...(project.read(commands) === undefined
      ? []
      : editedFiles(project, [[commands, commandsWithout]], gone)),
    ...[...gone].flatMap((name) => nestedFilesOf(project, names, name)),
    ...pastTests(project, names, gone),
  ];
}

/** The tests of migrations that gave records such a field, or made keys of it: nothing answers it any more. */
export function pastTests(project: Project, names: Names, gone: ReadonlySet<string>): [string, string][] {
  // `'address'`, and `'address.zip'` within it.
  const isGone = (node: ts.Node): node is ts.Node =>
    (ts.isStringLiteral(node) && (gone.has(node.text) || gone.has(node.text.split('.', 1)[0] ?? ''))) ||
    (ts.isPropertyAssignment(node) && gone.has(node.name.getText()));
  return project
    .filesIn('test')
    .filter((path) => path.startsWith('test/migrations-'))
    .filter((path) => {
      const text = project.read(path) ?? '';
      return text.includes(`/features/${names.plural}.js'`) && findNode(parse(text), isGone) !== undefined;
    })
    .map((path): [string, string] => [path, GONE]);
}

/** The files of a field that is an object, or a list of them. */
export function nestedFilesOf(project: Project, names: Names, name: string): [string, string][] {
  const paths = [false, true].flatMap((list) => {
    const { file } = nestedNames({ ...PLAIN_FIELD, name, type: NESTED, list }, names);
    return ['schema', 'dto'].map((role) => `${folderOf(names)}/${file}.${role}.ts`);
  });
  return paths
    .filter((path) => project.read(path) !== undefined)
    .map((path): [string, string] => [path, GONE]);
}

/** What commands take that goes nowhere now: a line for each. */
function stillTaken(project: Project, names: Names, gone: ReadonlySet<string>): string[] {
  const suffix = `-${names.singular}.dto.ts`;
  return project
    .filesIn(folderOf(names))
    .filter((path) => path.endsWith(suffix))
    .flatMap((path) => {
      const taken = takenIn(project.read(path) ?? '', gone).join(', ');
      const command = path.slice(folderOf(names).length + 1, -suffix.length);
      return taken === ''
        ? []
        : [
            `The command ${command} still takes ${taken}, and no longer stores it: pass it on, or take it out of ${path} and of the command's entry in ${filesOf(names).table}.`,
          ];
    });
}

function notesOf(
  { plural }: Names,
  fields: readonly string[],
  drop: boolean,
  { lists, holdFiles, inTheWay }: Going,
): string[] {
  const them = fields.join(', ');
  return [
    ...lists.map((list) => `The list ${list} is removed as well.`),
    ...(holdFiles ? ['Files that only such a field refers to are removed after a day.'] : []),
    ...(inTheWay.length > 0 && !drop
      ? [
          `A migration drops the unique index of ${inTheWay.join(', ')}: it would refuse records without a value.`,
        ]
      : []),
    drop
      ? `A migration deletes the stored values of ${them}: it runs at the next start or by npm run migrate. No process of the previous version may be running then.`
      : `The stored values of ${them} stay, but nothing reads them any more. Once no process of the previous version is running, \`npm run field -- ${plural} ${fields.join(' ')} --remove --drop\` writes a migration that deletes them.`,
  ];
}
