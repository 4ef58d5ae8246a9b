/**
 * `npm test`: types, lint, build, then every test with its coverage.
 * `npm test -- projects`: only the tests whose path contains the word.
 */
import { spawnSync } from 'node:child_process';
import { buildIfNeeded } from './build.mjs';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
const {
  words: patterns,
  options: { name },
} = argumentsOf('test');
const isWhole = patterns.length === 0 && name === undefined;

function run(title, command, args, env = {}) {
  process.stdout.write(`\n── ${title}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

if (isWhole) {
  run('types', 'npm', ['run', '--silent', 'typecheck']);
  run('lint', 'npm', ['run', '--silent', 'lint']);
}
process.stdout.write('\n── build\n');
// Of the whole product the types were checked above, of a part they are checked later or in the editor.
buildIfNeeded({ unchecked: true });
const report = process.env['TEST_REPORT'];
const options = [
  isWhole && '--coverage',
  report && ['--json', `--outputFile=${report}`],
  name && `--testNamePattern=${name}`,
]
  .flat()
  .filter(Boolean);
run('tests', 'node', ['node_modules/jest/bin/jest.js', ...options, ...patterns], {
  NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
});
