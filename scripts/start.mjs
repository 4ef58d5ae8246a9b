/** `npm start`: builds when the sources have changed since the last build, then runs the server in this process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { requireNode } from './node-version.mjs';

const STAMP = 'dist/.sources';

function digestOfSources() {
  const files = [
    ...globSync('src/**/*.ts'),
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ].toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

requireNode();
// An image has no sources: it was built before.
if (existsSync('src')) {
  const digest = digestOfSources();
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== digest) {
    process.stderr.write('Building …\n');
    execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
    writeFileSync(STAMP, digest);
  }
}
await import('../dist/main.js');
