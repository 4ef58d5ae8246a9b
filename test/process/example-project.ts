import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ableFeature } from '../../schematics/abilities/able-feature.ts';
import { namesOf } from '../../schematics/naming/names.ts';
import { newCommand } from '../../schematics/project/new-command.ts';
import { newExecutor } from '../../schematics/project/new-executor.ts';
import type { Changes, Project } from '../../schematics/project/project.ts';
import { withStates } from '../../schematics/project/states.ts';
import type { Ability } from '../../schematics/specification/feature.ts';
import { featureOf } from '../../schematics/specification/specification.ts';
import { parseWays } from '../../schematics/specification/states.ts';
import type { ProjectCopy } from '../schematics/project-copy.ts';
import { IS_SOAK } from '../support/soak.js';

/** The generator's commands in the first block of a page, each as the words that a shell makes of it. */
export function commandsOf(page: string): string[][] {
  const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(readFileSync(page, 'utf8')) ?? [];
  return [...block.matchAll(/^npm run (.*)$/gm)].map(([, line = '']) =>
    (line.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', '')),
  );
}

/** What `npm run feature -- …` and its like write, without building it first. */
function planOf(project: Project, command: string, args: string[]): Changes {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      list: { type: 'string', multiple: true, default: [] },
      add: { type: 'string', multiple: true, default: [] },
      shared: { type: 'boolean', default: false },
      route: { type: 'boolean', default: false },
      schedule: { type: 'string' },
    },
  });
  const [plural = '', ...words] = positionals;
  const [first = '', ...others] = words;
  const names = namesOf(plural);
  switch (command) {
    case 'feature': {
      const abilities = values.add.flatMap((each) => each.split(',')) as Ability[];
      return ableFeature(project, { ...featureOf(names, words, values.list, values.shared), abilities });
    }
    case 'state':
      return withStates(project, names, first, parseWays(others));
    case 'route':
      return newCommand(project, names, first, others);
    case 'executor':
      return newExecutor(project, names, first, others, { route: values.route, schedule: values.schedule });
    default:
      throw new Error(`No example has needed npm run ${command} yet`);
  }
}

/**
 * Makes an example in a copy of the project from its page, as people would, and returns how many lines of it are
 * written by hand. Only a soak has each command build the project: that takes some twenty seconds of CPU.
 */
export async function writeExample(copy: ProjectCopy, folder: string): Promise<number> {
  for (const [command = '', dashes, ...args] of commandsOf(`${folder}/README.md`)) {
    if (dashes !== '--') throw new Error(`npm run ${command} passes on nothing without --`);
    if (!IS_SOAK) {
      await copy.write(planOf(copy.project, command, args));
      continue;
    }
    const { code, output } = await copy.run('scripts/schematic.mjs', command, ...args);
    if (code !== 0) throw new Error(output);
  }
  const patch = resolve(folder, 'by-hand.patch');
  execFileSync('git', ['apply', patch], { cwd: copy.folder, stdio: 'pipe' });
  return readFileSync(patch, 'utf8').match(/^\+(?!\+\+ )/gm)?.length ?? 0;
}
