import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
// As one object: an old Node lacks globSync and should come as far as the message about its age.
import fs from 'node:fs';

const STAMP = 'dist/.sources';

function digestOfSources() {
  const files = [
    ...fs.globSync('src/**/*.{ts,html,css,js,svg}'),
    'nest-cli.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ].toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Builds when the sources have changed since the last build. */
export function buildIfNeeded() {
  // An image has no sources: it was built before.
  if (!fs.existsSync('src')) return;
  const digest = digestOfSources();
  if (fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === digest) return;
  process.stderr.write('Building …\n');
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  fs.writeFileSync(STAMP, digest);
}
