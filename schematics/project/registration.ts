import type { Names } from '../naming/names.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { withImports } from '../source/imports.ts';
import { addElement, arrayIn, variableNamed } from '../source/places.ts';
import { APP_MODULE, byShape } from './layout.ts';
import type { Project } from './project.ts';

/** Adds a name to a sorted list of a constant, and its import. */
function listed(text: string, variable: string, name: string, from: string): string {
  const source = parse(text);
  const list = arrayIn(variableNamed(source, variable), `the list in ${variable}`);
  const edit = addElement(list, name, (element) => element > name);
  return withImports(applyEdits(text, [edit]), { [name]: { from, kind: 'value' } });
}

/** Every file that learns of a new feature, with its text. */
export function registered(project: Project, names: Names): Map<string, string> {
  const { plural, Feature } = names;
  return new Map([
    [
      APP_MODULE,
      byShape(project, APP_MODULE, (text) =>
        listed(text, 'FEATURES', `${Feature}Module`, `./modules/${plural}/${plural}.module.js`),
      ),
    ],
  ]);
}
