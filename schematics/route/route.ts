import type { Rule } from '@angular-devkit/schematics';
import { namesOf } from '../naming/names.ts';
import { newCommand } from '../project/new-command.ts';
import { ruleOf } from '../project/rule.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
  readonly to?: readonly string[];
}

/** `npm run route -- tickets assign assigneeId:ref:users`, `tickets close reason:text --to status=closed` */
export function route({ name, fields: [command = '', ...inputs], to = [] }: Options): Rule {
  const args = [name, command, ...inputs, ...to.flatMap((state) => ['--to', state])];
  return ruleOf('route', args, (project) => newCommand(project, namesOf(name), command, inputs, to));
}
