import type { Project } from './project.ts';

/** Which commands have written parts of this project, and at which release: a line of JSON each, the oldest first. */
export const MANIFEST = 'generated.jsonl';

/** The manifest with one command more. */
export function recorded(project: Pick<Project, 'read'>, command: string, args: readonly string[]): string {
  const { version: release } = JSON.parse(project.read('package.json') ?? '{}') as { version?: string };
  return `${project.read(MANIFEST) ?? ''}${JSON.stringify({ release, command, args })}\n`;
}
