import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrations } from '../../src/migrations/migrations.js';

/** The names of this version's migrations. */
export const RELEASED = migrations.map(({ name }) => name);

/** As `migrate status` tells them. */
export function listed(state: string): string {
  const width = Math.max(...RELEASED.map((name) => name.length));
  return ['Migrations', ...RELEASED.map((name) => `  ${name.padEnd(width)}  ${state}`)].join('\n');
}

/**
 * Makes the next version of the code of a build: it has these migrations, too.
 * @param bodies of `up({ db, progress })` in JavaScript, by the name of the migration; `sleep` is at hand
 */
export async function addMigrations(folder: string, bodies: Readonly<Record<string, string>>): Promise<void> {
  const list = join(folder, 'dist/migrations');
  for (const [name, body] of Object.entries(bodies)) {
    await writeFile(
      join(list, `${name}.js`),
      `import { setTimeout as sleep } from 'node:timers/promises';
export default { name: '${name}', async up({ db, progress }) { ${body} } };
`,
    );
  }
}
