import ts from 'typescript';
import { type Feature, filterOf, type List } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { literal } from '../types/source.ts';
import { countsSource as countRouteSource } from './controller-source.ts';
import { countQuerySource, filterSource, isListed, ownerSource } from './dto-source.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { decoratorsOf, propertiesOf } from './fields-there.ts';
import { withImports, withoutUnused } from './imports.ts';
import { ownImports } from './own-imports.ts';
import {
  addElement,
  addMember,
  addPropertyBehind,
  arrayIn,
  classNamed,
  methodNamed,
  MissingPlace,
  objectIn,
  optionalProperty,
  propertyNamed,
  variableNamed,
} from './places.ts';
import { severalRule } from './rules.ts';
import { listSource } from './schema-source.ts';
import { withFilters } from './service-edit.ts';
import { conditionSource, countsSource } from './service-source.ts';
import { severalKind } from './table-source.ts';

/** What a feature that is there is to declare besides. Its fields are all that it has, and say so as well. */
export interface MoreLists {
  readonly feature: Feature;
  readonly lists: readonly List[];
  readonly search: readonly string[];
  readonly stats: readonly string[];
  /** Fields whose filters take several values from now on. */
  readonly several: readonly Field[];
}

/** The order of the declaration of a resource, and of the table of its tests, as far as lists. */
const BEFORE =
  'name record schema shared ownerField unique permissions path resource collection lists search stats'.split(
    ' ',
  );

/** The text with what a constant declares of lists, searches and counts. */
function withDeclared(text: string, { feature, lists, search, stats }: MoreLists): string {
  const added: readonly [string, readonly string[]][] = [
    ['lists', lists.map(listSource)],
    ['search', search.map(literal)],
    ['stats', stats.map(literal)],
  ];
  let result = text;
  for (const [index, [name, elements]] of added.entries()) {
    if (elements.length > 0) {
      const declared = objectIn(
        variableNamed(parse(result), feature.names.records),
        'the object of the resource',
      );
      const there = optionalProperty(declared, name);
      const written = elements.join(', ');
      const edit = there
        ? addElement(arrayIn(there, `the list ${name}`), written)
        : addPropertyBehind(declared, `${name}: [${written}]`, BEFORE.slice(0, index - added.length));
      result = applyEdits(result, [edit]);
    }
  }
  return result;
}

export function schemaWithLists(text: string, more: MoreLists): string {
  return withDeclared(text, more);
}

/** The member of a class before which that of a field belongs: that of a later field, or of the owner. */
function nextOf(field: Field, { fields }: Feature, members: readonly string[]): string {
  const later = fields.slice(fields.indexOf(field) + 1).map(({ name }) => name);
  return later.find((name) => members.includes(name)) ?? 'owner';
}

/** A filter takes several values from now on, by the rules that it has. */
function severalEdits(property: ts.PropertyDeclaration, field: Field): Edit[] {
  const decorators = decoratorsOf(property);
  const rules = [...decorators.keys()].filter(
    (name) => !['ApiProperty', 'IsOptional', 'AnyOf', 'AnyOfTexts'].includes(name),
  );
  if (rules.length === 0) return [];
  const nodes = (ts.getDecorators(property) ?? []).filter((node) => !/^@ApiProperty\b/.test(node.getText()));
  const [first, last, type] = [nodes[0], nodes.at(-1), property.type];
  if (!first || !last || !type) throw new MissingPlace(`the rules of ${field.name} in the query`);
  const own = nodes.map((node) => node.getText().slice(1)).filter((text) => !text.startsWith('IsOptional'));
  return [
    {
      from: first.getStart(),
      to: last.end,
      text: `@IsOptional()\n@${severalRule(field)}(${own.join(', ')})`,
    },
    { from: type.end, to: type.end, text: '[]' },
  ];
}

export function dtoWithLists(text: string, more: MoreLists): string {
  const { feature, several, stats } = more;
  const { names, shared } = feature;
  const source = parse(text);
  const query = classNamed(source, `List${names.Feature}Query`);
  const members = propertiesOf(query);
  const edits: Edit[] = [];
  const base = query.heritageClauses?.[0]?.types[0];
  if (!base) throw new MissingPlace(`the class that List${names.Feature}Query extends`);
  if (isListed(feature) && !base.getText().startsWith('ListQuery(')) {
    if (base.getText() !== 'PageQuery') throw new MissingPlace('extends PageQuery');
    edits.push({ from: base.getStart(), to: base.end, text: `ListQuery(${names.records})` });
  }
  for (const field of several) {
    const there = members.find(({ name }) => name.getText() === field.name);
    if (there) edits.push(...severalEdits(there, field));
    else {
      const next = nextOf(
        field,
        feature,
        members.map(({ name }) => name.getText()),
      );
      edits.push({ ...addMember(query, filterSource(field, feature), next), order: orderOf(field, feature) });
    }
  }
  if (stats.length > 0) edits.push(...countQueryEdits(source, more, shared ? '' : ownerSource(feature)));
  return withoutUnused(withImports(applyEdits(text, edits), ownImports(feature).dto), ['PageQuery']);
}

function orderOf(field: Field, { fields }: Feature): string {
  return String(fields.indexOf(field)).padStart(3, '0');
}

function countQueryEdits(source: ts.SourceFile, { feature, stats }: MoreLists, owner: string): Edit[] {
  const { names } = feature;
  const isThere = source.text.includes(`class Count${names.Feature}Query`);
  if (!isThere) {
    const { end } = classNamed(source, `List${names.Feature}Query`);
    return [{ from: end, to: end, text: `\n${countQuerySource(feature, owner)}` }];
  }
  const [by] = propertiesOf(classNamed(source, `Count${names.Feature}Query`));
  const [choices] = (by && decoratorsOf(by).get('IsIn')) ?? [];
  if (!choices) throw new MissingPlace(`@IsIn([…]) in Count${names.Feature}Query`);
  return [addElement(arrayIn(choices, 'the list of @IsIn'), stats.map(literal).join(', '))];
}

export function serviceWithLists(text: string, more: MoreLists): string {
  const { feature, several, stats } = more;
  const service = classNamed(parse(text), `${feature.names.Feature}Service`);
  const list = methodNamed(service, 'list').getText();
  const isThere = (field: Field) => new RegExp(String.raw`\.\.\.\(\s*${field.name}\b`).test(list);
  let result = withFilters(
    text,
    several.filter((field) => !isThere(field)),
    feature,
  );
  const edits = several.filter(isThere).flatMap((field) => conditionEdits(result, field, feature));
  result = applyEdits(result, edits);
  if (stats.length > 0 && !/\n {2}counts\(/.test(result)) {
    const methods = classNamed(parse(result), `${feature.names.Feature}Service`);
    result = applyEdits(result, [addMember(methods, countsSource(feature), 'replace')]);
  }
  return withImports(result, ownImports(feature).service);
}

/** The condition of a filter that is there takes several values. */
function conditionEdits(text: string, field: Field, { names }: Feature): Edit[] {
  const list = methodNamed(classNamed(parse(text), `${names.Feature}Service`), 'list');
  const found: ts.SpreadAssignment[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isSpreadAssignment(node) &&
      new RegExp(String.raw`^\.\.\.\(\s*${field.name}\b`).test(node.getText())
    )
      found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(list);
  const [spread] = found;
  if (!spread) throw new MissingPlace(`...(${field.name} && { … }) in list`);
  return [
    { from: spread.getStart(), to: spread.end, text: conditionSource({ ...field, several: true }, 'equals') },
  ];
}

export function controllerWithLists(text: string, { feature, stats }: MoreLists): string {
  const { names, shared } = feature;
  const source = parse(text);
  const controller = classNamed(source, `${names.Feature}Controller`);
  const edits: Edit[] = [];
  const description = optionalProperty(methodNamed(controller, 'list'), 'description');
  // Somebody may have described it otherwise.
  if (isListed(feature) && description?.getText() === "'Newest first.'") {
    edits.push({
      from: description.getStart(),
      to: description.end,
      text: "'Newest first, unless asked for in another order.'",
    });
  }
  const isThere = controller.members.some((member) => member.name?.getText() === 'counts');
  if (stats.length > 0 && !isThere) {
    const access = shared ? '@SignedIn()' : `@OwnerOr(${names.records}.may.read, { parameter: 'owner' })`;
    edits.push(addMember(controller, countRouteSource(feature, access), 'get'));
  }
  return withImports(applyEdits(text, edits), ownImports(feature).controller);
}

export function tableWithLists(text: string, more: MoreLists): string {
  const { feature, several } = more;
  const table = variableNamed(parse(text), feature.names.records);
  const entries = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  const edits = several.flatMap((field) => {
    const entry = optionalProperty(entries, field.name);
    if (!entry || !ts.isObjectLiteralExpression(entry)) throw new MissingPlace(`the entry ${field.name}`);
    const kind = severalKind(field);
    if (optionalProperty(entry, 'several')) return [];
    const written = [
      ...(optionalProperty(entry, 'filter') ? [] : [`filter: '${filterOf(field, feature.fields)}'`]),
      `several: '${kind}'`,
    ].join(', ');
    return [
      addPropertyBehind(entry, written, [
        'required',
        'unique',
        'list',
        'encrypted',
        'exact',
        'server',
        'filter',
      ]),
    ];
  });
  return withDeclared(applyEdits(text, edits), more);
}
