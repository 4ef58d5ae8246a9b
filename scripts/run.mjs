/** `node scripts/run.mjs migrate`: builds when the sources have changed, then runs the command's program in this process. */
import { existsSync } from 'node:fs';
import { buildIfNeeded } from './build.mjs';
import { argumentsOf, USAGE } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

const PROGRAMS = {
  mongo: '../dist/mongo.js',
  migrate: '../dist/migrate.js',
  'keys:rotate': '../dist/rotate-keys.js',
  openapi: './openapi.mjs',
  configuration: './configuration.mjs',
};

requireNode();
const [name] = process.argv.splice(2, 1);
argumentsOf(name);
await buildIfNeeded();
if (!existsSync(new URL(PROGRAMS[name], import.meta.url))) {
  process.stderr.write(
    `npm run ${name} belongs to a part that this product does without: see "What can be left out" in docs/architecture.md\n`,
  );
  process.exit(USAGE);
}
await import(PROGRAMS[name]);
