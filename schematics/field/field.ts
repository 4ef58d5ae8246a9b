import type { Rule } from '@angular-devkit/schematics';
import { fieldCommand } from '../project/field-command.ts';
import { ruleOf } from '../project/rule.ts';
import { namesOf } from '../naming/names.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
}

/** `npm run field -- invoices paidAt:date`, and `subject:search` for a field that is there. */
export function field({ name, fields }: Options): Rule {
  return ruleOf('field', [name, ...fields], (project) => {
    const { changes, costs } = fieldCommand(project, namesOf(name), fields);
    for (const line of costs) process.stderr.write(`${line}\n`);
    return changes;
  });
}
