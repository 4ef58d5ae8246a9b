/** `node scripts/run.mjs migrate`: builds when the sources have changed, then runs the command's program in this process. */
import { buildIfNeeded } from './build.mjs';
import { argumentsOf } from './command-line.mjs';
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
await import(PROGRAMS[name]);
