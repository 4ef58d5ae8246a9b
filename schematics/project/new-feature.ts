import {
  declarationsOf,
  type Feature,
  insteadOf,
  requireDistinctNames,
  requireUsefulIndexes,
} from '../specification/feature.ts';
import { refuse } from '../naming/refusal.ts';
import { controllerSource, moduleSource } from '../source/controller-source.ts';
import { dtoSource } from '../source/dto-source.ts';
import { classesOf } from '../source/exported.ts';
import { withImports } from '../source/imports.ts';
import { schemaSource } from '../source/schema-source.ts';
import { serviceSource } from '../source/service-source.ts';
import { specSource, tableSource } from '../source/table-source.ts';
import { filesOf, folderOf } from './layout.ts';
import { nestedFiles } from '../source/nested-source.ts';
import { nestedImports, ownImports } from '../source/own-imports.ts';
import type { Changes, Project } from './project.ts';

import { registered } from './registration.ts';

/**
 * Everything that a new feature writes, before it is formatted.
 * @throws Refusal when it cannot be
 */
export function newFeature(project: Project, feature: Feature): Changes {
  const { names, fields } = feature;
  if (fields.length === 0) refuse(`${names.plural} needs at least one field`);
  const existing = fields.find((field) => field.existing !== undefined);
  if (existing) refuse(`${existing.name} cannot have existing=: no records of a new feature are there`);
  requireDistinctNames(feature);
  requireUsefulIndexes(fields);
  requireFreeNames(project, feature);
  const files = filesOf(names);
  const own = ownImports(feature);
  requireTargets(project, feature);
  return new Map([
    [files.schema, withImports(schemaSource(feature), nestedImports(feature, 'schema'))],
    ...nestedFiles(feature, folderOf(names)),
    [files.dto, withImports(dtoSource(feature), own.dto)],
    [files.service, withImports(serviceSource(feature), own.service)],
    [files.controller, withImports(controllerSource(feature), own.controller)],
    [files.module, withImports(moduleSource(feature), own.module)],
    [files.table, tableSource(feature)],
    [files.spec, specSource(feature)],
    ...registered(project, names),
  ]);
}

/** What takes files. */
const FILES = 'src/modules/files/file.schema.ts';

/** Can be referred to, though no feature of this shape. */
const USERS = 'users';

/** @throws Refusal for a field that refers to a feature that is not there, or that no first record could refer to */
export function requireTargets(project: Project, { names, fields }: Feature): void {
  for (const { name, type, target, required } of fields) {
    if (type.holds && project.read(FILES) === undefined) {
      refuse(`${name} would hold a file, and the product takes none: ${FILES} is missing`);
    }
    if (!target) continue;
    if (target.plural === names.plural) {
      if (required)
        refuse(`${name} cannot be required: there would be no first ${names.resource} to refer to`);
    } else if (target.plural !== USERS && project.read(filesOf(target).table) === undefined) {
      refuse(
        `${name} refers to ${target.plural}, and there is no such feature: ${filesOf(target).table} is missing`,
      );
    }
  }
}

function requireFreeNames(project: Project, feature: Feature): void {
  const { names } = feature;
  const { plural, collection } = names;
  const declared = new Set(declarationsOf(feature));
  const files = filesOf(names);
  const folder = `src/modules/${plural}`;
  if (project.filesIn(folder).length > 0) refuse(`There is a feature ${plural} already: ${folder}`);
  const taken = Object.values(files).find((path) => project.read(path) !== undefined);
  if (taken !== undefined) refuse(`${taken} already exists`);
  const isKept = keeperOf(collection);
  for (const path of project.filesIn('src')) {
    const text = path.endsWith('.ts') && !path.endsWith('.spec.ts') ? (project.read(path) ?? '') : '';
    if (isKept(text)) refuse(`${path} has the collection ${collection} already`);
    const isNamed = [...declared].some((name) => text.includes(name));
    const twice = isNamed ? classesOf(text).find((name) => declared.has(name)) : undefined;
    if (twice !== undefined)
      refuse(`"${plural}" would declare ${twice}, which ${path} has already: ${insteadOf(plural)}`);
    if (text.includes(`@Controller('api/v1/${plural}')`)) refuse(`${path} serves /api/v1/${plural} already`);
  }
}

/** Whether a file keeps something in a collection: by its schema, or by the driver. */
function keeperOf(collection: string): (text: string) => boolean {
  const named = new RegExp(`\\bcollection(?:: |(?:<[^(]*>)?\\()'${collection}'`);
  return (text) => text.includes(`'${collection}'`) && named.test(text);
}
