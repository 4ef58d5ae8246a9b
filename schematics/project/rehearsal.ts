import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { refuse } from '../naming/refusal.ts';
import { type Changes, GONE } from './project.ts';

/** What building and describing the application takes. */
const NEEDED = [
  'src',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/**
 * Builds the changed application in a copy and lets it describe itself, before anything is written: what does not
 * compile or does not start is refused.
 */
export async function rehearse(root: string, changes: Changes): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'product-feature-'));
  try {
    for (const path of NEEDED) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const [path, text] of changes) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      if (text === GONE) rmSync(join(copy, path), { force: true });
      else writeFileSync(join(copy, path), text);
    }
    // At the same time, and both to their end, since they work in the copy that goes; the compiler has more to say.
    const [mistyped, unstarted] = await Promise.all([faultOf(checkTypes(copy)), faultOf(describe(copy))]);
    const fault = mistyped ?? unstarted;
    if (fault !== undefined) refuse(`The project does not build with it, so nothing was changed:\n${fault}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function checkTypes(copy: string): Promise<void> {
  const compiler = 'node_modules/typescript-native/bin/tsc';
  return run(copy, compiler, '--noEmit', '-p', 'tsconfig.build.json', '--checkers', '1');
}

async function describe(copy: string): Promise<void> {
  await run(copy, 'scripts/build.mjs', '--unchecked');
  // A product without a document starts at least.
  const describes = existsSync(join(copy, 'scripts/openapi.mjs'));
  await run(copy, describes ? 'scripts/openapi.mjs' : 'scripts/application.mjs');
}

async function run(folder: string, ...command: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, command, { cwd: folder, maxBuffer: 100_000_000 });
}

/** What a program has said that failed; undefined when it did not fail. */
async function faultOf(program: Promise<void>): Promise<string | undefined> {
  try {
    await program;
    return undefined;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return saidIn(`${stdout}${stderr}`.trim() || message);
  }
}

/** What matters of that: what the start refuses has a sentence of its own, among traces of what ran. */
export function saidIn(output: string): string {
  return (/^DeclarationError: (.+)$/m.exec(output)?.[1] ?? output).slice(0, 4000);
}
