import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Rule, SchematicsException, type Tree } from '@angular-devkit/schematics';
import { Refusal, refuse } from '../naming/refusal.ts';
import { formatted } from './format.ts';
import { type Changes, GONE, type Project } from './project.ts';
import { changedByHand, MANIFEST, recorded } from './manifest.ts';
import { inPieces, whole } from './pieces.ts';
import { rehearse } from './rehearsal.ts';
import { noting, remember, requireCommitted, requireUnchanged } from './worktree.ts';

/** The files of a schematic's tree. */
function projectOf(tree: Tree, root: string): Project {
  return {
    read: (path) => tree.read(path)?.toString('utf8'),
    filesIn: (folder) => {
      try {
        const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) =>
            join(entry.parentPath, entry.name)
              .slice(root.length + 1)
              .replaceAll('\\', '/'),
          );
      } catch {
        return [];
      }
    },
  };
}

/**
 * A schematic that writes what `plan` makes of the project, and notes the command in the manifest: formatted, built and
 * described in a copy first, so that either everything is written or nothing.
 * @param force whether files may go that people have changed
 */
export function ruleOf(
  command: string,
  args: readonly string[],
  plan: (project: Project) => Changes,
  force = false,
): Rule {
  return async (tree) => {
    const root = process.cwd();
    try {
      process.stderr.write('Planning …\n');
      const { project, seen } = noting(projectOf(tree, root));
      const planned = plan(whole(project));
      const entries = [...planned].map(
        async ([path, text]) => [path, await formatted(root, path, text)] as const,
      );
      const format = (path: string, text: string) => formatted(root, path, text);
      const changes = await inPieces(project, new Map(await Promise.all(entries)), format);
      requireCommitted(root, changes);
      if (!force) requireGenerated(project, planned);
      process.stderr.write('Building the project with the change, in a copy …\n');
      await rehearse(root, changes);
      requireUnchanged(root, seen);
      changes.set(MANIFEST, recorded(project, command, args, changes));
      for (const [path, text] of changes) {
        if (text === GONE) tree.delete(path);
        else if (!tree.exists(path)) tree.create(path, text);
        else if (tree.readText(path) !== text) tree.overwrite(path, text);
      }
      remember(root, changes);
    } catch (error) {
      if (error instanceof Refusal) throw new SchematicsException(error.message);
      throw error;
    }
  };
}

/** What is written where something goes that was stored, and what becomes of that, in sentences for people. */
export interface Noted {
  readonly changes: Changes;
  readonly notes: readonly string[];
}

/** A schematic that takes something out or renames it, and says in the end what becomes of what was stored. */
export function notedRuleOf(
  command: string,
  args: readonly string[],
  plan: (project: Project) => Noted,
  force: boolean,
): Rule {
  let notes: readonly string[] = [];
  const planned = (project: Project) => {
    const noted = plan(project);
    ({ notes } = noted);
    return noted.changes;
  };
  const rule = ruleOf(command, args, planned, force);
  return async (tree, context) => {
    await rule(tree, context);
    for (const note of notes) process.stderr.write(`${note}\n`);
  };
}

/** @throws Refusal that names the files that would go, and that people have changed or written */
function requireGenerated(project: Project, changes: Changes): void {
  const going = [...changes].flatMap(([path, text]) => (text === GONE ? [path] : []));
  const byHand = changedByHand(project, going);
  if (byHand.length === 0) return;
  refuse(
    `These files would be deleted, but have been edited since commands wrote them:\n${byHand.map((path) => `  ${path}\n`).join('')}Keep what you need of them, and add --force. Nothing was changed`,
  );
}
