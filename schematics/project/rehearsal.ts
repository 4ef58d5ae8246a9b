import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { refuse } from '../specification/refusal.ts';
import type { Changes } from './project.ts';

const OPENAPI = 'openapi.json';
/** What building and describing the application takes. */
const NEEDED = ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];

/**
 * Builds the changed application in a copy and lets it describe itself, before anything is written: what does not
 * compile or does not start is refused.
 * @returns openapi.json
 */
export function rehearsed(root: string, changes: Changes): string {
  const copy = mkdtempSync(join(tmpdir(), 'flowversal-feature-'));
  try {
    for (const path of NEEDED) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const [path, text] of changes) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    run(copy, 'node_modules/@nestjs/cli/bin/nest.js', 'build');
    run(copy, 'scripts/openapi.mjs');
    return readFileSync(join(copy, OPENAPI), 'utf8');
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function run(folder: string, ...command: string[]): void {
  try {
    execFileSync(process.execPath, command, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    refuse(
      `The project does not build with it; nothing was written:\n${`${stdout}${stderr}`.trim().slice(0, 4000)}`,
    );
  }
}
