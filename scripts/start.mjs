/** `npm start`: builds when the sources have changed since the last build, then runs the server in this process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
// As one object: an old Node lacks globSync and should come as far as the message about its age.
import fs from 'node:fs';
import { requireNode } from './node-version.mjs';

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

requireNode();
// An image has no sources: it was built before.
if (fs.existsSync('src')) {
  const digest = digestOfSources();
  if (!fs.existsSync(STAMP) || fs.readFileSync(STAMP, 'utf8') !== digest) {
    process.stderr.write('Building …\n');
    execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
    fs.writeFileSync(STAMP, digest);
  }
}
// npm's shell ends on SIGTERM without passing it on; the server must not stay behind on its port.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== shell) process.kill(process.pid, 'SIGTERM');
  }, 250).unref();
  // The server takes a second signal for impatience, so it must not get one from here.
  const told = (signal) => {
    clearInterval(watch);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.once('SIGINT', told).once('SIGTERM', told);
}
await import('../dist/main.js');
