/**
 * `npm test`: types, lint, build, then every test.
 * `npm test -- projects`: only the tests whose path contains the word.
 * `npm run soak`: every test, the long ones in full (test/support/soak.ts), and how much of the code they run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildIfNeeded } from './build.mjs';
import { argumentsOf } from './command-line.mjs';
import { temporaryFolder } from './memory-folder.mjs';
import { requireNode } from './node-version.mjs';
import { bundlePackages } from './packages.mjs';
import { chosenTests, groupTests } from './test-groups.mjs';

requireNode();
const isSoak = process.env['npm_lifecycle_event'] === 'soak';
const command = isSoak ? 'soak' : 'test';
const {
  words: patterns,
  options: { name },
} = argumentsOf(command);
const isWhole = !isSoak && patterns.length === 0 && name === undefined;
/** From so many files on it saves time to load the product for some of them together. */
const SEVERAL = 5;
const isSeveral = !isSoak && patterns.length > 0 && chosenTests(patterns).length >= SEVERAL;

/** Runs a program and ends this process when it fails. */
async function run(title, program, args, env = {}) {
  process.stdout.write(`\n── ${title}\n`);
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [status] = await once(child, 'exit');
  if (status !== 0) process.exit(status ?? 1);
}

if (isWhole) {
  const npm = (script) =>
    run(script, process.execPath, [process.env['npm_execpath'], 'run', '--silent', script]);
  await Promise.all([npm('typecheck'), npm('lint')]);
}
process.stdout.write('\n── build\n');
// Of the whole product the types were checked above, of a part they are checked later or in the editor.
await buildIfNeeded({ unchecked: true });
// Tests may import more of the packages than the code does.
await bundlePackages();
const report = process.env['TEST_REPORT'];
const options = [
  // Measuring it takes as long again as loading a file of tests.
  isSoak && patterns.length === 0 && name === undefined && '--coverage',
  report && ['--json', `--outputFile=${report}`],
  name && `--testNamePattern=${name}`,
  isWhole && groupTests(),
  // As many as there are workers.
  isSeveral && groupTests(patterns, 3),
]
  .flat()
  .filter(Boolean);
const folder = temporaryFolder();
process.once('exit', () => folder.remove());
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const words = isSeveral ? [] : patterns;
await run('tests', process.execPath, ['node_modules/jest/bin/jest.js', ...options, ...words], {
  NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
  TMPDIR: folder.path,
  // The processes that tests start load the same modules again and again.
  NODE_COMPILE_CACHE: join(folder.path, 'compile-cache'),
  ...(isSoak && { SOAK: process.env['SOAK'] ?? '1' }),
});
