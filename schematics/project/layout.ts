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
  return project.read(path) ?? refuse(`${path} is missing`);
}

/** Reads or changes a file by its syntax. @throws Refusal that names the file, where it does not have the shape that is needed */
export function byShape<T>(project: Project, path: string, use: (text: string) => T): T {
  const text = textOf(project, path);
  try {
    return use(text);
  } catch (error) {
    if (!(error instanceof MissingPlace)) throw error;
    return refuse(
      `${path} has no longer the shape that is generated: ${error.message} is missing. Add it by hand`,
    );
  }
}
