/** Prepares what the benchmark needs, then runs it: dependencies of its own, the build, the compiled server C. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const bench = import.meta.dirname;
const run = (command, ...args) =>
  execFileSync(command, args, { cwd: bench, stdio: ['ignore', 'inherit', 'inherit'] });

if (!existsSync(join(bench, 'node_modules'))) run('npm', 'install', '--no-progress');
run(process.execPath, '../node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
run('npm', 'run', '--silent', 'build', '--prefix', '..');
await import('./run.mjs');
