import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse, resolve } from 'node:path';

const COMPILER = 'node_modules/typescript-native/bin/tsc';

/** What the compiler says about files that exist only in `files`, by their paths, among the project's own. */
export function typeFaults(files: ReadonlyMap<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'product-types-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  try {
    for (const [path, text] of files) write(path, text);
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    write('package.json', '{ "type": "module" }');
    // What a file imports is looked for in its own folder first, and then in the project.
    const compilerOptions = { rootDir: parse(folder).root, rootDirs: [folder, resolve('.')] };
    // Declarations of the project's own are no file's import.
    write(
      'tsconfig.json',
      JSON.stringify({
        extends: resolve('tsconfig.json'),
        compilerOptions,
        include: [resolve('src/**/*.d.ts')],
        files: [...files.keys()],
      }),
    );
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [resolve(COMPILER), '--project', '.', '--checkers', '1', '--pretty', 'false'],
      { cwd: folder, encoding: 'utf8' },
    );
    return (stdout + stderr).split('\n').filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
