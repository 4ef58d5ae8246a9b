/** `npm run lint`, `npm run format`: oxlint and oxfmt, on everything or on the paths that are given. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
const [command, ...args] = process.argv.slice(2);
const { words } = argumentsOf(command, args);
const isFixing = command === 'format';
const modules = join(import.meta.dirname, '../node_modules');

function run(program, ...options) {
  const { status } = spawnSync(process.execPath, [join(modules, program), ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
  return status === 0;
}

function style() {
  const mode = isFixing ? '--write' : '--check';
  const isRight = run('oxfmt/bin/oxfmt', mode, '--no-error-on-unmatched-pattern', ...words);
  if (!isRight && !isFixing) process.stderr.write('`npm run format` formats these files.\n');
}
const rules = () =>
  run(
    'oxlint/bin/oxlint',
    isFixing ? '--fix' : '--deny-warnings',
    '--no-error-on-unmatched-pattern',
    ...words,
  );
if (isFixing) [style, rules].forEach((step) => step());
else [rules, style].forEach((step) => step());
