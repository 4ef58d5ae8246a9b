/** `npm run typecheck`: the types of everything, checked by TypeScript's native compiler. */
import { spawnSync } from 'node:child_process';
import { argumentsOf } from './command-line.mjs';
import { COMPILER, ONE_CHECKER } from './compiler.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
argumentsOf('typecheck');
const options = ['--noEmit', '-p', 'tsconfig.json', ...ONE_CHECKER];
const { status } = spawnSync(process.execPath, [COMPILER, ...options], { stdio: 'inherit' });
process.exitCode = status ?? 1;
