import type { Rule } from '@angular-devkit/schematics';
import { moreFields } from '../project/more-fields.ts';
import { ruleOf } from '../project/rule.ts';
import { parseFields } from '../specification/fields.ts';
import { namesOf } from '../naming/names.ts';

interface Options {
  readonly name: string;
  readonly fields: readonly string[];
}

/** `npm run field -- invoices paidAt:date` */
export function field({ name, fields }: Options): Rule {
  return ruleOf('field', [name, ...fields], (project) =>
    moreFields(project, namesOf(name), parseFields(fields)),
  );
}
