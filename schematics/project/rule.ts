import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Rule, SchematicsException, type Tree } from '@angular-devkit/schematics';
import { Refusal } from '../naming/refusal.ts';
import { formatted } from './format.ts';
import type { Changes, Project } from './project.ts';
import { MANIFEST, recorded } from './manifest.ts';
import { inPieces, whole } from './pieces.ts';
import { rehearse } from './rehearsal.ts';
import { remember, requireCommitted } from './worktree.ts';

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
 */
export function ruleOf(command: string, args: readonly string[], plan: (project: Project) => Changes): Rule {
  return async (tree) => {
    const root = process.cwd();
    try {
      process.stderr.write('Planning …\n');
      const project = projectOf(tree, root);
      const planned = plan(whole(project));
      const entries = [...planned].map(
        async ([path, text]) => [path, await formatted(root, path, text)] as const,
      );
      const format = (path: string, text: string) => formatted(root, path, text);
      const changes = await inPieces(project, new Map(await Promise.all(entries)), format);
      requireCommitted(root, changes);
      process.stderr.write('Building the project with it, in a copy …\n');
      await rehearse(root, changes);
      changes.set(MANIFEST, recorded(project, command, args));
      for (const [path, text] of changes) {
        if (!tree.exists(path)) tree.create(path, text);
        else if (tree.readText(path) !== text) tree.overwrite(path, text);
      }
      remember(root, changes);
    } catch (error) {
      if (error instanceof Refusal) throw new SchematicsException(error.message);
      throw error;
    }
  };
}
