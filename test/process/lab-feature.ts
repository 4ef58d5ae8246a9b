import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

const OPTIONS = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    target: 'es2022',
  },
} as const;

/** The JavaScript of a source, as the build makes it. */
export function compiled(source: string): string {
  return transformSync(source, OPTIONS).code;
}

/** Adds a feature `lab` to a build: its files by their names without ending, of which `lab.module` exports `LabModule`. */
export async function addToBuild(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, 'dist/modules/lab'), { recursive: true });
  for (const [name, source] of Object.entries(files)) {
    await writeFile(join(folder, `dist/modules/lab/${name}.js`), compiled(source));
  }
  const app = join(folder, 'dist/app.module.js');
  const listed = `import { LabModule } from './modules/lab/lab.module.js';\nFEATURES.push(LabModule);\n`;
  await writeFile(app, `${await readFile(app, 'utf8')}\n${listed}`);
}
