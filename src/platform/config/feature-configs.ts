import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeclarationError } from '../errors/start-error.js';
import { type ConfigClass, variablesOf } from './env.js';

/**
 * The classes of variables in `<feature>/<name>.config.ts` of a folder. No list names them, so that branches which add
 * some merge. Such a file imports `env.js` and `kinds.js` only: whatever else it loaded could not have the
 * configuration yet.
 * @throws DeclarationError for a file without such a class
 */
export async function configsIn(folder: string): Promise<readonly ConfigClass[]> {
  const files = globSync('*/*.config.{js,ts}', { cwd: folder }).toSorted();
  const found = files.map(async (file) => {
    const exported = Object.values((await import(pathToFileURL(join(folder, file)).href)) as object);
    const classes = exported.filter((each): each is ConfigClass => typeof each === 'function');
    if (classes.some((each) => variablesOf(each).length > 0)) return classes;
    throw new DeclarationError(
      `src/modules/${file.replace(/js$/, 'ts')}: export a class with @Env('NAME', kind) above a property`,
    );
  });
  return (await Promise.all(found)).flat();
}

/** What the features add to the configuration. */
export const featureConfigs = await configsIn(join(import.meta.dirname, '../../modules'));
