/** `npm run dev`: Nest's own watch. */
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
argumentsOf('dev');
process.argv.push('start', '--watch', '--watchAssets');
await import('../node_modules/@nestjs/cli/bin/nest.js');
