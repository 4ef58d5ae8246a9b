import type { Names } from '../specification/names.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { withImports } from '../source/imports.ts';
import {
  addElement,
  arrayIn,
  classNamed,
  methodNamed,
  propertyNamed,
  variableNamed,
} from '../source/places.ts';
import { editThrown } from '../source/thrown.ts';
import { literal } from '../source/values.ts';
import { APP_MODULE, byShape, filesOf, ROLES } from './layout.ts';
import { changed, type Changes, type Project } from './project.ts';

/** Adds a name to a sorted list of a constant, and its import. */
function listed(text: string, variable: string, name: string, from: string): string {
  const source = parse(text);
  const list = arrayIn(variableNamed(source, variable), `the list in ${variable}`);
  const edit = addElement(list, name, (element) => element > name);
  return withImports(applyEdits(text, [edit]), { [name]: { from, kind: 'value' } });
}

/** Every file that learns of a new feature, with its text. */
export function registered(project: Project, names: Names, shared: boolean): Map<string, string> {
  const { plural, Feature } = names;
  return new Map([
    [
      APP_MODULE,
      byShape(project, APP_MODULE, (text) =>
        listed(text, 'FEATURES', `${Feature}Module`, `./modules/${plural}/${plural}.module.js`),
      ),
    ],
    [ROLES, byShape(project, ROLES, (text) => withPermissions(text, plural, shared))],
  ]);
}

/** Administrators have every permission; moderators read what users own. */
function withPermissions(text: string, plural: string, shared: boolean): string {
  const source = parse(text);
  const all = arrayIn(variableNamed(source, 'PERMISSIONS'), 'the list in PERMISSIONS');
  if (shared) return applyEdits(text, [addElement(all, literal(`${plural}:write`))]);
  const moderator = arrayIn(
    propertyNamed(variableNamed(source, 'PERMISSIONS_OF'), 'moderator'),
    'the list of moderator',
  );
  return applyEdits(text, [
    addElement(all, `${literal(`${plural}:read`)}, ${literal(`${plural}:write`)}`),
    addElement(moderator, literal(`${plural}:read`)),
  ]);
}

/** Adds to planned changes what the features learn that fields refer to. */
export function withTargets(
  project: Project,
  changes: Map<string, string>,
  targets: readonly Names[],
): Changes {
  for (const target of targets) {
    for (const [path, text] of referredTo(changed(project, changes), target)) changes.set(path, text);
  }
  return changes;
}

/** The controller and service of a feature that another one refers to from now on: deleting may answer IN_USE. */
export function referredTo(project: Project, names: Names): Map<string, string> {
  const { controller, service } = filesOf(names);
  return new Map([
    [controller, byShape(project, controller, (text) => withInUse(text, `${names.Feature}Controller`))],
    [service, byShape(project, service, (text) => withInUseComment(text, `${names.Feature}Service`))],
  ]);
}

function withInUse(text: string, className: string): string {
  const remove = methodNamed(classNamed(parse(text), className), 'remove');
  const errors = arrayIn(propertyNamed(remove, 'errors'), 'the list of errors of remove');
  const isThere = errors.elements.some((element) => element.getText() === "'IN_USE'");
  return isThere ? text : applyEdits(text, [addElement(errors, "'IN_USE'")]);
}

function withInUseComment(text: string, className: string): string {
  const remove = methodNamed(classNamed(parse(text), className), 'remove');
  return applyEdits(
    text,
    editThrown(remove, (codes) => [...new Set([...codes, 'IN_USE'])]),
  );
}
