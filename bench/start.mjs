/** Prepares what the benchmark needs, then runs it: dependencies of its own, the build, the compiled server C. */
import { execFileSync, execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfNeeded } from '../scripts/build.mjs';
import { argumentsOf } from '../scripts/command-line.mjs';
import { COMPILER } from '../scripts/compiler.mjs';
import { requireNode } from '../scripts/node-version.mjs';

const bench = import.meta.dirname;

requireNode();
argumentsOf('bench');
process.chdir(join(bench, '..'));
if (!existsSync(join(bench, 'node_modules'))) {
  process.stderr.write('Installing the servers to compare with …\n');
  // npm is a script on Windows, which only a shell runs.
  execSync('npm install --no-progress', { cwd: bench, stdio: ['ignore', 'inherit', 'inherit'] });
}
// Checked when it was written: it is frozen, as the others are.
execFileSync(process.execPath, [COMPILER, '-p', join(bench, 'tsconfig.json'), '--noCheck'], {
  stdio: 'inherit',
});
await buildIfNeeded();
await import('./run.mjs');
