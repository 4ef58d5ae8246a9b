import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

describe('a checkout on Windows', () => {
  it('has the same bytes where git is set to check out with the line ends of Windows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'product-checkout-'));
    const git = (...words: string[]) => execFileSync('git', ['-C', folder, ...words], { stdio: 'pipe' });
    const files = ['.gitattributes', 'package.json', 'tsconfig.json', 'src/app.ts', 'docs/images/bench.svg'];
    try {
      git('init', '--quiet');
      for (const [name, value] of [
        ['core.autocrlf', 'true'],
        ['core.eol', 'crlf'],
      ] as const) {
        git('config', name, value);
      }
      for (const file of files) await cp(file, join(folder, file));
      git('add', '.');
      for (const file of files) await rm(join(folder, file));
      git('checkout-index', '--all');
      for (const file of files) {
        expect([file, await readFile(join(folder, file))]).toEqual([file, await readFile(file)]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not asked to start as a program what is a script there', () => {
    const files = globSync(['scripts/*.mjs', 'bench/*.mjs', 'schematics/**/*.ts', 'src/**/*.ts'], {
      exclude: ['**/*.spec.ts', '**/fixtures/**'],
    });
    const starts = /(?:spawn|execFile)(?:Sync)?\(\s*['"](?!git['"]|taskset['"])([^'"]+)['"]/g;
    const found = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(starts)].map(([, program]) => `${file}: ${program}`),
    );
    expect(files.length).toBeGreaterThan(150);
    expect(found).toEqual([]);
  });
});
