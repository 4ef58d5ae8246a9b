import type { Rule } from '@angular-devkit/schematics';
import { fieldCommand } from '../project/field-command.ts';
import { withoutFields } from '../project/less-fields.ts';
import { withRenamed } from '../project/renamed-fields.ts';
import { notedRuleOf, ruleOf } from '../project/rule.ts';
import { namesOf } from '../naming/names.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
  readonly remove?: boolean;
  readonly rename?: boolean;
  readonly drop?: boolean;
  readonly force?: boolean;
}

/** `npm run field -- invoices paidAt:date`, `subject:search` for one that is there, `dueAt --remove`, `dueAt:payBy --rename`. */
export function field(options: Options): Rule {
  const { name, fields, remove = false, rename = false, drop = false, force = false } = options;
  if (remove) {
    const args = [name, ...fields, '--remove', ...(drop ? ['--drop'] : [])];
    return notedRuleOf(
      'field',
      args,
      (project) => withoutFields(project, namesOf(name), fields, drop),
      force,
    );
  }
  if (rename) {
    const args = [name, ...fields, '--rename'];
    return notedRuleOf('field', args, (project) => withRenamed(project, namesOf(name), fields), force);
  }
  return ruleOf('field', [name, ...fields], (project) => {
    const { changes, costs } = fieldCommand(project, namesOf(name), fields);
    for (const line of costs) process.stderr.write(`${line}\n`);
    return changes;
  });
}
