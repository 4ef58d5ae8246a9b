import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Migration, MigrationError } from './migration.js';

const require = createRequire(import.meta.url);

/** `20261128143000-invoice-currency`, by the time it was written. Releases up to 0.1 counted: `0001-user-flags`. */
const NAME = /^(?:\d{4}|\d{14})(?:-[a-z0-9]+)+$/;

function isMigration(value: unknown): value is Migration {
  return typeof value === 'object' && value !== null && 'name' in value && 'up' in value;
}

/**
 * The migrations of a folder, in the order of their names, in which they are applied: each file that begins with a
 * digit exports one that is called like the file. No list names them, so that branches which add some merge.
 * @throws MigrationError that names the file which is none
 */
export function migrationsIn(folder: string): readonly Migration[] {
  const files = readdirSync(folder)
    .filter((file) => /^\d.*\.[jt]s$/.test(file) && !file.endsWith('.spec.ts'))
    .toSorted();
  return files.map((file) => {
    const name = file.slice(0, -'.ts'.length);
    if (!NAME.test(name)) {
      throw new MigrationError(
        `Migrations are called by the time, as in 20261128143000-${name.replace(/^[\d-]+/, '') || 'what'}: rename src/migrations/${file}.`,
      );
    }
    const [migration, ...others] = Object.values(require(join(folder, file)) as object).filter(isMigration);
    if (migration?.name === name && others.length === 0) return migration;
    throw new MigrationError(`src/migrations/${file} must export one migration with the name '${name}'.`);
  });
}
