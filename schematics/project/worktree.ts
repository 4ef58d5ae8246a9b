import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuse } from '../naming/refusal.ts';
import type { Changes, Project } from './project.ts';

/** Digests of what the generator has written, so that it may be called again before everything is committed. */
const WRITTEN = 'node_modules/.cache/schematics.json';
const MAX_REMEMBERED = 1000;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function writtenIn(root: string): string[] {
  const file = join(root, WRITTEN);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : [];
}

/** The paths among these that differ from what is committed; none where there is no repository, or no git. */
function uncommitted(root: string, paths: readonly string[]): string[] {
  try {
    const git = (...words: string[]) =>
      execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // The project may be a folder of its repository, from whose root the paths are told.
    const { length } = git('rev-parse', '--show-prefix').trim();
    const options = ['--porcelain=v1', '-z', '--no-renames', '--untracked-files=all'];
    const status = git('status', ...options, '--', ...paths);
    return status
      .split('\0')
      .filter(Boolean)
      .map((line) => line.slice('XY '.length + length));
  } catch {
    return [];
  }
}

/**
 * Changes by hand that nobody could tell from generated ones must be committed first.
 * @throws Refusal that names the file
 */
export function requireCommitted(root: string, changes: Changes): void {
  const written = new Set(writtenIn(root));
  const targets = [...changes.keys()].filter((path) => existsSync(join(root, path)));
  const dirty = uncommitted(root, targets).filter(
    (path) => targets.includes(path) && !written.has(digest(readFileSync(join(root, path), 'utf8'))),
  );
  if (dirty.length > 0) refuse(`${dirty.join(', ')} would be changed, but has uncommitted changes`);
}

/** A project that notes what each file was when it was read. */
export function noting(project: Project): {
  project: Project;
  seen: ReadonlyMap<string, string | undefined>;
} {
  const seen = new Map<string, string | undefined>();
  const read = (path: string) => {
    const text = project.read(path);
    if (!seen.has(path)) seen.set(path, text);
    return text;
  };
  return { project: { ...project, read }, seen };
}

/**
 * What was planned for other files must not be written: another command, or somebody in an editor, was faster.
 * @throws Refusal that names the file
 */
export function requireUnchanged(root: string, seen: ReadonlyMap<string, string | undefined>): void {
  for (const [path, text] of seen) {
    const file = join(root, path);
    const now = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (now !== text) refuse(`${path} was changed while the command was at work: run it again`);
  }
}

/** Remembers what is about to be written. */
export function remember(root: string, changes: Changes): void {
  const file = join(root, WRITTEN);
  const digests = new Set([...writtenIn(root), ...[...changes.values()].map(digest)]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify([...digests].slice(-MAX_REMEMBERED)));
}
