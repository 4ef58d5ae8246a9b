import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { formatted } from '../../schematics/project/format.ts';
import { ableFeature } from '../../schematics/abilities/able-feature.ts';
import { moreAbilities } from '../../schematics/abilities/more-abilities.ts';
import { fieldCommand } from '../../schematics/project/field-command.ts';
import { withoutFields } from '../../schematics/project/less-fields.ts';
import { moreLists } from '../../schematics/project/more-lists.ts';
import { withRenamed } from '../../schematics/project/renamed-fields.ts';
import { newCommand } from '../../schematics/project/new-command.ts';
import { newExecutor } from '../../schematics/project/new-executor.ts';
import { changed, type Changes, type Project } from '../../schematics/project/project.ts';
import type { Noted } from '../../schematics/project/rule.ts';
import { withStates } from '../../schematics/project/states.ts';
import { ABILITIES, type Ability } from '../../schematics/specification/feature.ts';
import { parseWays } from '../../schematics/specification/states.ts';
import { featureOf } from '../../schematics/specification/specification.ts';
import { namesOf } from '../../schematics/naming/names.ts';

/** This project, as it stands on the disk. */
export const onDisk: Project = {
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  filesIn: (folder) => globSync(`${folder}/**/*.ts`),
};

/** What `npm run feature -- invoices number:string --shared` would write, before it is formatted. */
export function planFeature(command: string, project = onDisk): Changes {
  const [name = '', ...words] = command.split(' ');
  const lists = words.flatMap((word) => (word.startsWith('--list=') ? [word.slice(7)] : []));
  const fields = words.filter((word) => !word.startsWith('--'));
  const abilities = ABILITIES.filter((ability) => words.includes(`--add=${ability}`));
  const feature = featureOf(namesOf(name), fields, lists, words.includes('--shared'));
  return ableFeature(project, { ...feature, abilities });
}

/** What `npm run field -- invoices paidAt:date` would write in a project that has changes already. */
export function planFields(command: string, changes: Changes): Changes {
  const [name = '', ...words] = command.split(' ');
  return fieldCommand(changed(onDisk, changes), namesOf(name), words).changes;
}

/** What `npm run field -- invoices paidAt --remove` would write in a project that has changes already. */
export function planRemoval(command: string, changes: Changes, drop = false): Changes {
  const [name = '', ...fields] = command.split(' ');
  return withoutFields(changed(onDisk, changes), namesOf(name), fields, drop).changes;
}

/** What `npm run field -- invoices dueAt:payBy --rename` would write in a project that has changes already. */
export function planRenaming(command: string, changes: Changes): Noted {
  const [name = '', ...pairs] = command.split(' ');
  return withRenamed(changed(onDisk, changes), namesOf(name), pairs);
}

/** What `npm run feature -- invoices --list status+dueAt` would write in a project that has it already. */
export function planLists(name: string, lists: readonly string[], changes: Changes): Changes {
  const wanted = { lists, search: [], stats: [] };
  return moreLists(changed(onDisk, changes), namesOf(name), wanted).changes;
}

/** What `npm run feature -- invoices --add audit` would write in a project that has it already. */
export function planAbilities(name: string, abilities: readonly Ability[], changes: Changes): Changes {
  return moreAbilities(changed(onDisk, changes), namesOf(name), abilities);
}

/** What `npm run state -- invoices status draft:sent` would write in a project that has changes already. */
export function planStates(command: string, changes: Changes): Changes {
  const [name = '', field = '', ...ways] = command.split(' ');
  return withStates(changed(onDisk, changes), namesOf(name), field, parseWays(ways));
}

/** What `npm run route -- invoices approve` would write in a project that has changes already. */
export function planCommand(command: string, changes: Changes): Changes {
  const [name = '', verb = '', ...words] = command.split(' ');
  const inputs = words.filter((word) => !word.startsWith('--'));
  const to = words.flatMap((word) => (word.startsWith('--to=') ? [word.slice(5)] : []));
  return newCommand(changed(onDisk, changes), namesOf(name), verb, inputs, to);
}

/** What `npm run executor -- invoices remind` would write in a project that has changes already. */
export function planExecutor(command: string, changes: Changes): Changes {
  const [name = '', verb = '', ...words] = command.split(' ');
  const schedule = words
    .find((word) => word.startsWith('--schedule='))
    ?.slice('--schedule='.length)
    .replaceAll('_', ' ');
  const inputs = words.filter((word) => !word.startsWith('--'));
  const starts = { route: words.includes('--route'), schedule };
  return newExecutor(changed(onDisk, changes), namesOf(name), verb, inputs, starts);
}

/** The texts as the project writes them. */
export async function format(changes: Changes): Promise<Map<string, string>> {
  const entries = [...changes].map(async ([path, text]) => [path, await formatted('.', path, text)] as const);
  return new Map(await Promise.all(entries));
}

/** What the linter has against files in a folder; empty for nothing. */
export function lintFaults(folder: string): string {
  try {
    execFileSync('node_modules/.bin/oxlint', ['--config', '.oxlintrc.json', '--deny-warnings', folder], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return String((error as { stdout: string }).stdout);
  }
}
