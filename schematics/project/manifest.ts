import { createHash } from 'node:crypto';
import { type Changes, GONE, type Project } from './project.ts';

/**
 * Which commands have written parts of this project, and at which release: a line of JSON each, the oldest first, with
 * a digest of each file that has nothing in it but what commands have written.
 */
export const MANIFEST = 'generated.jsonl';

interface Line {
  readonly release?: string | undefined;
  readonly command: string;
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

type Reading = Pick<Project, 'read'>;

function linesOf(project: Reading): Line[] {
  const lines = (project.read(MANIFEST) ?? '').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The paths among these whose files are not as commands have left them: people have changed or written them. */
export function changedByHand(project: Reading, paths: readonly string[]): string[] {
  const files: Line['files'] = Object.assign({}, ...linesOf(project).map((line) => line.files));
  return paths.filter((path) => files?.[path] !== digest(project.read(path) ?? ''));
}

/** Whether a command has written a feature of this name, which may be gone. */
export function wasGenerated(project: Reading, plural: string): boolean {
  return linesOf(project).some(({ command, args }) => command === 'feature' && args[0] === plural);
}

/** Whether a command has given a feature something by `--add`, which may be gone with it. */
export function hadAbility(project: Reading, plural: string, ability: string): boolean {
  return linesOf(project).some(
    ({ command, args }) =>
      command === 'feature' &&
      args[0] === plural &&
      args.some((word, index) => args[index - 1] === '--add' && word.split(',').includes(ability)),
  );
}

/** Whether a command has taken a field out of a feature. */
export function wasRemoved(project: Reading, plural: string, field: string): boolean {
  return linesOf(project).some(
    ({ command, args }) =>
      command === 'field' && args[0] === plural && args.includes('--remove') && args.includes(field),
  );
}

/** Whether what was stored of a field may be there still that a command has taken out. */
export function mayBeStored(project: Reading, plural: string, field: string): boolean {
  const last = linesOf(project).findLast(
    ({ command, args }) =>
      command === 'field' && args[0] === plural && args.includes('--remove') && args.includes(field),
  );
  return last !== undefined && !last.args.includes('--drop');
}

/** The manifest with one command more. */
export function recorded(
  project: Reading,
  command: string,
  args: readonly string[],
  changes: Changes,
): string {
  const { version: release } = JSON.parse(project.read('package.json') ?? '{}') as { version?: string };
  const written = [...changes].filter(([, text]) => text !== GONE);
  const there = written.map(([path]) => path).filter((path) => project.read(path) !== undefined);
  const byHand = new Set(changedByHand(project, there));
  const files = Object.fromEntries(
    written.filter(([path]) => !byHand.has(path)).map(([path, text]) => [path, digest(text)]),
  );
  const line: Line = { release, command, args, ...(written.length > 0 && { files }) };
  return `${project.read(MANIFEST) ?? ''}${JSON.stringify(line)}\n`;
}
