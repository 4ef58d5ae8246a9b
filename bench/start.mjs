/** Prepares the benchmark (its dependencies, the build, the compiled server C), then runs it. */
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
// Whoever interrupts it leaves no server behind: they are ended when this process exits.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.chdir(join(bench, '..'));
if (!existsSync(join(bench, 'node_modules'))) {
  process.stderr.write('Installing the servers to compare with …\n');
  // On Windows npm is a script, which only a shell can run.
  execSync('npm install --no-progress', { cwd: bench, stdio: ['ignore', 'inherit', 'inherit'] });
}
// Not type-checked: like the others it is frozen, and was checked when it was written.
execFileSync(process.execPath, [COMPILER, '-p', join(bench, 'tsconfig.json'), '--noCheck'], {
  stdio: 'inherit',
});
await buildIfNeeded();
await import('./run.mjs');
