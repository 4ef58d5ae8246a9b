import type { Names } from '../naming/names.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { withImports, withoutUnused } from '../source/imports.ts';
import { addElement, arrayIn, MissingPlace, removeAmong, variableNamed } from '../source/places.ts';
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

/** The same without a feature that goes. */
export function unregistered(project: Project, { Feature }: Names): [string, string] {
  const module = `${Feature}Module`;
  const text = byShape(project, APP_MODULE, (before) => {
    const { elements } = arrayIn(variableNamed(parse(before), 'FEATURES'), 'the list in FEATURES');
    const edits = removeAmong(elements, (element) => element.getText() === module);
    if (edits.length === 0) throw new MissingPlace(`${module} in FEATURES`);
    return withoutUnused(applyEdits(before, edits), [module]);
  });
  return [APP_MODULE, text];
}
