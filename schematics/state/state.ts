import type { Rule } from '@angular-devkit/schematics';
import { namesOf } from '../naming/names.ts';
import { ruleOf } from '../project/rule.ts';
import { withStates } from '../project/states.ts';
import { parseWays } from '../specification/states.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
}

/** `npm run state -- tickets status "open>pending>closed" "closed>open"` */
export function state({ name, fields: [field = '', ...ways] }: Options): Rule {
  return ruleOf('state', [name, field, ...ways], (project) =>
    withStates(project, namesOf(name), field, parseWays(ways)),
  );
}
