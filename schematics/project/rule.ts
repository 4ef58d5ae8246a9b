import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Rule, SchematicsException, type Tree } from '@angular-devkit/schematics';
import { Refusal, refuse } from '../naming/refusal.ts';
import { formatted } from './format.ts';
import type { Changes, Project } from './project.ts';
import { MANIFEST, recorded } from './manifest.ts';
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
      const planned = plan(project);
      const entries = [...planned].map(
        async ([path, text]) => [path, await formatted(root, path, text)] as const,
      );
      const changes = new Map(await Promise.all(entries));
      requireShort(changes);
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

/** Lines that a file may have; a test of the architecture asks for it. */
function limitOf(path: string): number {
  return path.endsWith('.controller.ts') ? 150 : path.endsWith('.service.ts') ? 250 : 300;
}

function requireShort(changes: Changes): void {
  for (const [path, text] of changes) {
    const lines = text.split('\n').length - 1;
    const limit = limitOf(path);
    if (lines > limit) {
      refuse(
        `${path} would have ${lines} lines, and may have ${limit}: have fewer fields, or a shorter name`,
      );
    }
  }
}
