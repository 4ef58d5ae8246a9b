import { rename, writeFile } from 'node:fs/promises';
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
 * Makes the next version of the code of a build: its list of migrations grows by these, in order.
 * @param bodies of `up({ db, progress })` in JavaScript, by the name of the migration; `sleep` is at hand
 */
export async function addMigrations(folder: string, bodies: Readonly<Record<string, string>>): Promise<void> {
  const list = join(folder, 'dist/migrations');
  await rename(join(list, 'migrations.js'), join(list, 'released.js'));
  for (const [name, body] of Object.entries(bodies)) {
    await writeFile(
      join(list, `${name}.js`),
      `import { setTimeout as sleep } from 'node:timers/promises';
export default { name: '${name}', async up({ db, progress }) { ${body} } };
`,
    );
  }
  const names = Object.keys(bodies);
  const imports = names.map((name, index) => `import added${index} from './${name}.js';`);
  await writeFile(
    join(list, 'migrations.js'),
    `import { migrations as released } from './released.js';
${imports.join('\n')}
export const migrations = [...released, ${names.map((_, index) => `added${index}`).join(', ')}];
`,
  );
}
