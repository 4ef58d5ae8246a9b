/** `npm run build`: compiles src to dist and checks its types. With `--unchecked` types are somebody else's task. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
// As one object: an old Node lacks globSync and should come as far as the message about its age.
import fs from 'node:fs';
import { COMPILER, ONE_CHECKER } from './compiler.mjs';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';
import { bundlePackages } from './packages.mjs';

const STAMP = 'dist/.sources';
const ASSETS = 'modules/console/web';

function digestOfSources() {
  const files = [
    ...fs.globSync('src/**/*.{ts,html,css,js,svg}'),
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ].toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Ends the process when something does not compile; the compiler has said what. */
export async function build({ unchecked = false } = {}) {
  const digest = digestOfSources();
  fs.rmSync('dist', { recursive: true, force: true });
  const options = unchecked ? ['--noCheck'] : ONE_CHECKER;
  try {
    execFileSync(process.execPath, [COMPILER, '-p', 'tsconfig.build.json', ...options], { stdio: 'inherit' });
  } catch {
    process.exit(1);
  }
  await bundlePackages();
  fs.cpSync(`src/${ASSETS}`, `dist/${ASSETS}`, { recursive: true });
  // What is served is compressed as small as it gets, which takes seconds; without it, once and cheaply at run time.
  if (!unchecked) execFileSync(process.execPath, ['dist/compress-files.js'], { stdio: 'inherit' });
  fs.writeFileSync(STAMP, digest);
}

/** Builds when the sources have changed since the last build. */
export async function buildIfNeeded(options) {
  // An image has no sources: it was built before.
  if (!fs.existsSync('src')) return;
  if (fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === digestOfSources()) return;
  process.stderr.write('Building …\n');
  await build(options);
}

if (process.argv[1] === import.meta.filename) {
  requireNode();
  await build(argumentsOf('build').options);
}
