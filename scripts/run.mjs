/** `node scripts/run.mjs migrate up`: builds when the sources have changed, then runs `dist/migrate.js` in this process. */
import { buildIfNeeded } from './build.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
buildIfNeeded();
const [program] = process.argv.splice(2, 1);
await import(`../dist/${program}.js`);
