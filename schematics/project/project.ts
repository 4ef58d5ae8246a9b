/** The files of the project that something is generated into, by their paths from its root. */
export interface Project {
  /** The text of a file; undefined where there is none. */
  read(path: string): string | undefined;
  /** The paths of the files below a folder. */
  filesIn(folder: string): readonly string[];
}

/** What is to be written: the text of each file, by its path. A file that goes has none. */
export type Changes = ReadonlyMap<string, string>;

/** Stands in place of the text of a file that goes. */
export const GONE = '';

/** A project with changes that are not written yet. */
export function changed(project: Project, changes: Changes): Project {
  const textOf = (path: string) => (changes.get(path) === GONE ? undefined : changes.get(path));
  return {
    read: (path) => (changes.has(path) ? textOf(path) : project.read(path)),
    filesIn: (folder) =>
      [
        ...new Set([
          ...project.filesIn(folder),
          ...[...changes.keys()].filter((path) => path.startsWith(`${folder}/`)),
        ]),
      ].filter((path) => changes.get(path) !== GONE),
  };
}
