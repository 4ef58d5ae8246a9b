import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { capitalised, constantCase, withArticle, wordsOf } from '../naming/words.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { exportsOf } from '../source/exported.ts';
import { importedIn, withImports } from '../source/imports.ts';
import { describedWithin } from '../source/fields-there.ts';
import { classNamed, optionalProperty } from '../source/places.ts';
import type { Within } from '../source/renamed-places.ts';
import type { Field } from '../types/field.ts';
import { NESTED, nestedNames } from '../types/nested.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';
import { byShape, filesOf, folderOf } from './layout.ts';
import { nestedFilesOf } from './less-fields.ts';
import { type Changes, GONE, type Project } from './project.ts';

type NamesOfObject = ReturnType<typeof nestedNames>;

/** What an object is called that has fields of its own, and is to be called; undefined for another field. */
function namesOfObject(
  project: Project,
  names: Names,
  from: string,
  to: string,
): [old: NamesOfObject, fresh: NamesOfObject] | undefined {
  if (nestedFilesOf(project, names, from).length === 0) return undefined;
  // Only one of them is there: before the change, or after it.
  const list = isList(project, names, [from, to]);
  const of = (name: string) => nestedNames({ ...PLAIN_FIELD, name, type: NESTED, list }, names);
  return [of(from), of(to)];
}

/** Whether the field of one of these names is a list. */
function isList(project: Project, names: Names, fields: readonly string[]): boolean {
  return byShape(project, filesOf(names).schema, (text) => {
    const { members } = classNamed(parse(text), names.Record);
    const property = members.find(({ name }) => fields.includes(name?.getText() ?? ''));
    const type = property && optionalProperty(property, 'type');
    return type !== undefined && ts.isArrayLiteralExpression(type);
  });
}

/** An object with fields of its own: those that are known by their types, and the names of all. */
interface ObjectThere extends Within {
  readonly fields: readonly Field[];
  readonly names: readonly string[];
  readonly words: readonly string[];
}

/** An object that has fields of its own, with these; undefined for another field. */
export function objectOf(project: Project, names: Names, field: string): ObjectThere | undefined {
  const [own] = namesOfObject(project, names, field, field) ?? [];
  if (!own) return undefined;
  const file = `${folderOf(names)}/${own.file}`;
  return {
    field,
    list: isList(project, names, [field]),
    file,
    classes: [own.Class, own.Input, own.Dto],
    words: own.words,
    names: byShape(project, `${file}.schema.ts`, (text) =>
      classNamed(parse(text), own.Class).members.map((each) => each.name?.getText() ?? ''),
    ),
    fields: byShape(project, `${file}.schema.ts`, (schema) =>
      byShape(project, `${file}.dto.ts`, (dto) => describedWithin(schema, dto, own)),
    ),
  };
}

/** What the files of an object declare, and what it is to be called. */
export function declaredByObject(
  project: Project,
  names: Names,
  from: string,
  to: string,
): [string, string][] {
  const [old, fresh] = namesOfObject(project, names, from, to) ?? [];
  if (!old || !fresh) return [];
  const constantOf = ({ Class }: NamesOfObject) => `${constantCase(wordsOf(Class))}_`;
  const prefixes: [string, string][] = [
    [old.Class, fresh.Class],
    [constantOf(old), constantOf(fresh)],
  ];
  const declared = nestedFilesOf(project, names, from).flatMap(([path]) =>
    exportsOf(project.read(path) ?? ''),
  );
  return declared.flatMap((name): [string, string][] => {
    const [before, after] = prefixes.find(([prefix]) => name.startsWith(prefix)) ?? [];
    return before === undefined ? [] : [[name, `${after}${name.slice(before.length)}`]];
  });
}

/** The files of an object under their new names, and those that import them; nothing for another field. */
export function withRenamedObject(project: Project, names: Names, from: string, to: string): Changes {
  const [old, fresh] = namesOfObject(project, names, from, to) ?? [];
  if (!old || !fresh) return new Map();
  const said = ({ words }: NamesOfObject) =>
    `${capitalised(withArticle(words.join(' ')))} of ${withArticle(names.resource)}`;
  const imported = (text: string) =>
    ['schema', 'dto'].reduce(
      (each, role) => each.replaceAll(`/${old.file}.${role}.js'`, `/${fresh.file}.${role}.js'`),
      text,
    );
  const changes = new Map<string, string>();
  for (const path of ['src', 'test'].flatMap((folder) => project.filesIn(folder))) {
    const text = path.endsWith('.ts') ? (project.read(path) ?? '') : '';
    const edited = imported(text);
    const isGenerated = [filesOf(names).schema, filesOf(names).dto].includes(path);
    if (edited !== text) changes.set(path, isGenerated ? inOrder(edited, fresh.file) : edited);
  }
  const folder = folderOf(names);
  for (const role of ['schema', 'dto']) {
    const path = `${folder}/${old.file}.${role}.ts`;
    const text = changes.get(path) ?? project.read(path);
    if (text === undefined) continue;
    changes.set(path, GONE);
    changes.set(`${folder}/${fresh.file}.${role}.ts`, text.replaceAll(said(old), said(fresh)));
  }
  return changes;
}

/** A generated file whose imports of some files stand where the names of these belong. */
function inOrder(text: string, file: string): string {
  const isTheirs = (from: string) => from.startsWith(`./${file}.`);
  const own = Object.entries(importedIn(text)).filter(([, { from }]) => isTheirs(from));
  const gone = parse(text).statements.filter(
    (node) =>
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      isTheirs(node.moduleSpecifier.text),
  );
  const edits = gone.map((node) => ({ from: node.getFullStart(), to: node.end, text: '' }));
  return withImports(applyEdits(text, edits), Object.fromEntries(own));
}
