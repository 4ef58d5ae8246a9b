import type { Rule } from '@angular-devkit/schematics';
import { namesOf } from '../naming/names.ts';
import { newCommand } from '../project/new-command.ts';
import { ruleOf } from '../project/rule.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
}

/** `npm run route -- tickets assign assigneeId:ref:users` */
export function route({ name, fields: [command = '', ...inputs] }: Options): Rule {
  return ruleOf('route', [name, command, ...inputs], (project) =>
    newCommand(project, namesOf(name), command, inputs),
  );
}
