import type { Rule } from '@angular-devkit/schematics';
import { namesOf } from '../naming/names.ts';
import { newExecutor } from '../project/new-executor.ts';
import { ruleOf } from '../project/rule.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
  readonly route?: boolean;
  readonly schedule?: string;
}

/** `npm run executor -- tickets remind message:string --route` */
export function executor({ name, fields: [verb = '', ...inputs], route = false, schedule }: Options): Rule {
  const flags = [
    ...(route ? ['--route'] : []),
    ...(schedule === undefined ? [] : [`--schedule=${schedule}`]),
  ];
  return ruleOf('executor', [name, verb, ...inputs, ...flags], (project) =>
    newExecutor(project, namesOf(name), verb, inputs, { route, schedule }),
  );
}
