import { refuse } from '../naming/refusal.ts';
import type { Names } from '../naming/names.ts';
import { MissingPlace } from '../source/places.ts';
import type { Project } from './project.ts';

export function folderOf({ plural }: Names): string {
  return `src/modules/${plural}`;
}

/** Where the files of a feature are. */
export function filesOf(names: Names) {
  const { plural, singular } = names;
  const folder = folderOf(names);
  return {
    schema: `${folder}/${singular}.schema.ts`,
    dto: `${folder}/${singular}.dto.ts`,
    service: `${folder}/${plural}.service.ts`,
    controller: `${folder}/${plural}.controller.ts`,
    module: `${folder}/${plural}.module.ts`,
    table: `test/features/${plural}.ts`,
    spec: `test/${plural}.e2e-spec.ts`,
  };
}

/** Files that know all features. */
export const APP_MODULE = 'src/app.module.ts';

/** @throws Refusal where the file is missing */
export function textOf(project: Project, path: string): string {
  return (
    project.read(path) ??
    refuse(
      `${path} is missing: commands change only what commands have written, and the rest is edited by hand`,
    )
  );
}

/** Reads or changes a file by its syntax. @throws Refusal that names the file, where it does not have the shape that is needed */
export function byShape<T>(project: Project, path: string, use: (text: string) => T): T {
  const text = textOf(project, path);
  try {
    return use(text);
  } catch (error) {
    if (!(error instanceof MissingPlace)) throw error;
    return refuse(`${path} no longer has the generated shape: ${error.message} is missing. Edit it by hand`);
  }
}

/**
 * What edits by syntax make of files that are there: those that they change.
 * @throws Refusal that names the file, where it does not have the shape that is needed
 */
export function editedFiles<T>(
  project: Project,
  edits: readonly (readonly [path: string, edit: (text: string, about: T) => string])[],
  about: T,
): [path: string, text: string][] {
  return edits
    .map(([path, edit]): [string, string] => [path, byShape(project, path, (text) => edit(text, about))])
    .filter(([path, text]) => text !== project.read(path));
}
