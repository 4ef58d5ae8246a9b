import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DeclarationError } from '../errors/start-error.js';
import { type ConfigClass, variablesOf } from './env.js';

const require = createRequire(import.meta.url);

/**
 * The classes of variables in `<room>/<name>.config.ts` of a folder. They are found without a list, so that an optional
 * part takes its variables with it, and branches that add some merge. Such a file must not import `config.js`, which
 * imports it. A property without a variable is set in code only.
 * @throws DeclarationError for a file without such a class
 */
function configsIn(folder: string): readonly ConfigClass[] {
  const root = join(import.meta.dirname, '../..');
  const files = globSync(`${folder}/*/*.config.{js,ts}`, { cwd: root }).toSorted();
  return files.flatMap((file) => {
    const exported = Object.values(require(join(root, file)) as object);
    const classes = exported.filter((each): each is ConfigClass => typeof each === 'function');
    if (classes.some((each) => variablesOf(each).length > 0 || Object.keys(new each()).length > 0))
      return classes;
    throw new DeclarationError(
      `src/${file.replace(/js$/, 'ts')}: export a class with @Env('NAME', kind) above a property, or with properties that have a value`,
    );
  });
}

/** @throws DeclarationError if two properties read the same variable */
function requireDistinct(classes: readonly ConfigClass[]): void {
  const readers = new Map<string, string>();
  for (const type of classes) {
    for (const { name } of variablesOf(type)) {
      const reader = readers.get(name);
      if (reader) throw new DeclarationError(`${type.name} and ${reader} both read ${name}: rename one`);
      readers.set(name, type.name);
    }
  }
}

/** Every class of variables, the platform's first. */
export const CONFIG_CLASSES = [...configsIn('platform'), ...configsIn('modules')] as const;

requireDistinct(CONFIG_CLASSES);
