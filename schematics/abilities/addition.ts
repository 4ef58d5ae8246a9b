import ts from 'typescript';
import type { Feature } from '../specification/feature.ts';
import type { Import } from '../specification/imported.ts';
import { byShape, filesOf, textOf } from '../project/layout.ts';
import type { Changes, Project } from '../project/project.ts';
import { applyEdits, type Edit, parse } from '../source/edit.ts';
import { withImports } from '../source/imports.ts';
import { ownImports } from '../source/own-imports.ts';
import { ABILITY_IMPORTS } from './imported.ts';
import { refuse } from '../naming/refusal.ts';
import {
  addElement,
  addProperty,
  arrayIn,
  classNamed,
  findNode,
  MissingPlace,
  propertyNamed,
  variableNamed,
} from '../source/places.ts';

/** What additions know of the feature. */
export type Extended = Pick<Feature, 'names' | 'shared'>;

/** Writes what a feature needs to be able to do more. @throws Refusal */
export type Addition = (project: Project, feature: Extended) => Changes;

/** Where a controller of its own is: `tickets-batch.controller.ts`. */
export function controllerFile({ names: { plural } }: Extended, ability: string): string {
  return `src/modules/${plural}/${plural}-${ability}.controller.ts`;
}

/** A controller's file with its imports, and the module that lists it. */
export function withController(
  project: Project,
  { names }: Extended,
  ability: string,
  source: string,
): [string, string][] {
  const { plural, Feature, singular } = names;
  const path = controllerFile({ names, shared: false }, ability);
  if (project.read(path) !== undefined) refuse(`${path} already exists`);
  const Class = `${Feature}${ability.charAt(0).toUpperCase()}${ability.slice(1)}Controller`;
  const { module } = filesOf(names);
  const own: Record<string, Import> = {
    ...ABILITY_IMPORTS,
    ...ownImports({ names, fields: [] }).controller,
    [names.Record]: { from: `./${singular}.schema.js`, kind: 'type' },
  };
  const listed = byShape(project, module, (text) => {
    const declaration = classNamed(parse(text), `${Feature}Module`);
    const list = arrayIn(propertyNamed(declaration, 'controllers'), 'the list controllers');
    const added = applyEdits(text, [addElement(list, Class)]);
    return withImports(added, { [Class]: { from: `./${plural}-${ability}.controller.js`, kind: 'value' } });
  });
  return [
    [path, withImports(source, own)],
    [module, listed],
  ];
}

/** The table of the feature's tests, which knows what it can do. */
export function inTable(project: Project, { names }: Extended, ability: string): [string, string] {
  const { table } = filesOf(names);
  const text = byShape(project, table, (source) => {
    const { initializer } = variableNamed(parse(source), names.records);
    if (!initializer || !ts.isObjectLiteralExpression(initializer)) throw new MissingPlace('the table');
    return applyEdits(source, [addProperty(initializer, `${ability}: true`, 'fields')]);
  });
  return [table, text];
}

/** A file of the feature with edits by its syntax, and the imports that they need. */
export function edited(
  project: Project,
  { names }: Extended,
  file: 'service' | 'controller' | 'dto',
  editsOf: (source: ts.SourceFile) => readonly Edit[],
): [string, string] {
  const path = filesOf(names)[file];
  textOf(project, path);
  const text = byShape(project, path, (source) =>
    withImports(applyEdits(source, editsOf(parse(source))), {
      ...ABILITY_IMPORTS,
      ...ownImports({ names, fields: [] })[file],
    }),
  );
  return [path, text];
}

/** Adds a parameter behind the others, unless there is one of that name. */
export function addParameter(method: ts.MethodDeclaration, name: string, text: string): Edit[] {
  if (method.parameters.some((each) => each.name.getText() === name)) return [];
  const last = method.parameters.at(-1);
  if (!last) throw new MissingPlace(`a parameter of ${method.name.getText()}`);
  return [{ from: last.end, to: last.end, text: `, ${text}` }];
}

/** Adds an argument behind the others of a call. */
export function addArgument(method: ts.MethodDeclaration, callee: string, text: string): Edit {
  const isIt = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText() === callee;
  const last = method.body && findNode(method.body, isIt)?.arguments.at(-1);
  if (!last) throw new MissingPlace(`${callee}(…) in ${method.name.getText()}`);
  return { from: last.end, to: last.end, text: `, ${text}` };
}

/** What creates takes a transaction in place of the request's `once`. */
export function creatingEdits(method: ts.MethodDeclaration): Edit[] {
  const once = method.parameters.find(({ type }) => /\bOnce\b/.test(type?.getText() ?? ''));
  if (!once?.type) throw new MissingPlace('the parameter of Once in create');
  if (/\bTransaction\b/.test(once.type.getText())) return [];
  const text = `${once.name.getText()}?: Once | Transaction`;
  return [{ from: once.getStart(), to: once.end, text }];
}
