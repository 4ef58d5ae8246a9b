import ts from 'typescript';
import {
  type Feature,
  fieldDeclarations,
  requireDistinctNames,
  requireUsefulIndexes,
} from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { refuse } from '../naming/refusal.ts';
import { withFields as dtoWith } from '../source/dto-edit.ts';
import { parse } from '../source/edit.ts';
import { exportsOf } from '../source/exported.ts';
import { classNamed, findNode } from '../source/places.ts';
import { withFields as schemaWith } from '../source/schema-edit.ts';
import { withFields as serviceWith } from '../source/service-edit.ts';
import { withFields as tableWith } from '../source/table-edit.ts';
import { nestedFiles } from '../source/nested-source.ts';
import { byShape, filesOf, folderOf, textOf } from './layout.ts';
import { givenTo } from './migration.ts';
import { requireTargets } from './new-feature.ts';
import type { Changes, Project } from './project.ts';

/** Stands for a text that lists look through already, so that a further one is not. */
const LOOKED_THROUGH: Field = { ...PLAIN_FIELD, name: '', type: FIELD_TYPES.string };

/** What is known of a feature that is there. */
export interface Existing {
  readonly fields: readonly string[];
  /** The names that its schema's file exports. */
  readonly exported: readonly string[];
  readonly shared: boolean;
  readonly looksThrough: boolean;
}

/** @throws Refusal where there is no such feature */
export function existing(project: Project, names: Names): Existing {
  const { schema, service } = filesOf(names);
  if (project.read(schema) === undefined) refuse(`There is no feature ${names.plural}: ${schema} is missing`);
  const isLooking = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText() === 'contains';
  const looksThrough = findNode(parse(textOf(project, service)), isLooking) !== undefined;
  return byShape(project, schema, (text) => {
    const record = classNamed(parse(text), names.Record);
    return {
      fields: record.members.filter(ts.isPropertyDeclaration).map(({ name }) => name.getText()),
      exported: exportsOf(text),
      shared: !(record.heritageClauses ?? []).some((clause) => clause.getText().includes('OwnedRecord')),
      looksThrough,
    };
  });
}

/** What further fields write, and what the records that are there get of each. */
interface Added {
  readonly changes: Changes;
  readonly given: ReadonlyMap<string, string>;
}

/**
 * Everything that further fields of a feature write but the migration, before it is formatted.
 * @throws Refusal when they cannot be
 */
export function moreFields(project: Project, names: Names, fields: readonly Field[]): Added {
  const before = existing(project, names);
  const taken = fields.find(({ name }) => before.fields.includes(name));
  if (taken) refuse(`${names.plural} has the field ${taken.name} already`);
  const { shared, looksThrough } = before;
  for (const field of fields) {
    const declared = fieldDeclarations({ names, fields: [field] }).flatMap((each) => [
      each.constant,
      each.type,
    ]);
    const twice = declared.find((name) => before.exported.includes(name));
    if (twice !== undefined)
      refuse(`${field.name} would declare ${twice}, which already exists; choose another name`);
  }
  const all = looksThrough ? [LOOKED_THROUGH, ...fields] : fields;
  const feature: Feature = { names, fields: all, shared, lists: [] };
  requireDistinctNames({ ...feature, fields });
  requireUsefulIndexes(all);
  requireTargets(project, { ...feature, fields });
  const given = givenTo(fields);
  const files = filesOf(names);
  const changes = new Map([
    [files.schema, byShape(project, files.schema, (text) => schemaWith(text, fields, feature))],
    ...nestedFiles({ ...feature, fields }, folderOf(names)),
    [files.dto, byShape(project, files.dto, (text) => dtoWith(text, fields, feature, given))],
    [files.service, byShape(project, files.service, (text) => serviceWith(text, fields, feature))],
    [files.table, byShape(project, files.table, (text) => tableWith(text, fields, feature))],
  ]);
  return { changes, given };
}
