import { posix } from 'node:path';
import ts from 'typescript';
import type { Project } from './project.ts';

/** The files of the project that a file imports. */
export function importsOf(project: Project, path: string): string[] {
  return ts
    .preProcessFile(project.read(path) ?? '')
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts'));
}

/** Files of a folder, and those that import one of them, directly or by way of others; modules only wire things. */
export function reaching(project: Project, folder: string, paths: readonly string[]): Set<string> {
  const importsIn = paths.map((path) => [path, importsOf(project, path)] as const);
  const reached = new Set(paths.filter((path) => path.startsWith(`${folder}/`)));
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const [path, imports] of importsIn) {
      if (imports.some((each) => reached.has(each) && !each.endsWith('.module.ts'))) reached.add(path);
    }
  }
  return reached;
}
