import type { Rule } from '@angular-devkit/schematics';
import { newFeature } from '../project/new-feature.ts';
import { ruleOf } from '../project/rule.ts';
import { parseFields } from '../specification/fields.ts';
import { namesOf } from '../naming/names.ts';

interface Options {
  readonly name: string;
  readonly fields?: readonly string[];
  readonly shared?: boolean;
}

/** What a feature has that nobody has said anything about: the fields of a project. */
const USUAL_FIELDS = ['name:string:required:unique:max=100', 'description:text:max=500', 'metadata:object'];

/** `nest g feature invoices`, and `npm run feature`. */
export function feature({ name, fields = [], shared = false }: Options): Rule {
  const args = [name, ...fields, ...(shared ? ['--shared'] : [])];
  return ruleOf('feature', args, (project) =>
    newFeature(project, {
      names: namesOf(name),
      fields: parseFields(fields.length > 0 ? fields : USUAL_FIELDS),
      shared,
    }),
  );
}
