/** The files of the project that something is generated into, by their paths from its root. */
export interface Project {
  /** The text of a file; undefined where there is none. */
  read(path: string): string | undefined;
  /** The paths of the files below a folder. */
  filesIn(folder: string): readonly string[];
}

/** What is to be written: the text of each file, by its path. */
export type Changes = ReadonlyMap<string, string>;

/** A project with changes that are not written yet. */
export function changed(project: Project, changes: Changes): Project {
  return {
    read: (path) => changes.get(path) ?? project.read(path),
    filesIn: (folder) => [
      ...new Set([
        ...project.filesIn(folder),
        ...[...changes.keys()].filter((path) => path.startsWith(`${folder}/`)),
      ]),
    ],
  };
}
