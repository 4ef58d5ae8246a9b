import ts from 'typescript';
import { ownImports } from './own-imports.ts';
import { type Feature, sentFields } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { withImports } from './imports.ts';
import {
  addBinding,
  addProperty,
  classNamed,
  findNode,
  methodNamed,
  MissingPlace,
  objectIn,
  optionalVariable,
} from './places.ts';
import { conditionSource, defaultsSource, filtersOf, listSource, unsentSource } from './service-source.ts';

/** The methods that write, and what they call for it. */
const WRITING = [
  ['create', 'withDefaults'],
  ['replace', 'withDefaults'],
  ['update', 'nullsToDefaults'],
] as const;

/** The service's file with further fields. */
export function withFields(text: string, fields: readonly Field[], feature: Feature): string {
  const source = parse(text);
  const service = classNamed(source, `${feature.names.Feature}Service`);
  const edits = [
    ...defaultsEdits(source, service, { ...feature, fields }),
    ...listEdits(service, fields, feature),
  ];
  return withImports(applyEdits(text, edits), ownImports(feature).service);
}

/** The service's file with further filters of its list. */
export function withFilters(text: string, fields: readonly Field[], feature: Feature): string {
  const service = classNamed(parse(text), `${feature.names.Feature}Service`);
  return applyEdits(text, listEdits(service, fields, feature));
}

function defaultsEdits(source: ts.SourceFile, service: ts.ClassDeclaration, feature: Feature): Edit[] {
  const optional = sentFields(feature.fields).filter((field) => unsentSource(field) !== undefined);
  if (optional.length === 0) return [];
  const defaults = optionalVariable(source, 'DEFAULTS');
  if (defaults) {
    const lines = optional.map((field) => `${field.name}: ${unsentSource(field)},`).join('\n');
    return [addProperty(objectIn(defaults, 'the object DEFAULTS'), lines)];
  }
  const start = service.getFullStart();
  return [
    { from: start, to: start, text: `\n\n${defaultsSource(feature).trimEnd()}` },
    ...WRITING.map(([method, filling]) => {
      const call = ownCall(methodNamed(service, method), method === 'create' ? 'create' : 'update');
      const dto = call.arguments.find((argument) => argument.getText() === 'dto');
      if (!dto) throw new MissingPlace(`dto in the call of this.records in ${method}`);
      return { from: dto.getStart(), to: dto.end, text: `${filling}(dto, DEFAULTS)` };
    }),
  ];
}

/** Where a method calls its repository. */
export function ownCall(method: ts.MethodDeclaration, name: string): ts.CallExpression {
  const callee = `this.records.${name}`;
  const isIt = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText() === callee;
  const call = method.body && findNode(method.body, isIt);
  if (!call) throw new MissingPlace(`${callee}(…) in ${method.name.getText()}`);
  return call;
}

function listEdits(service: ts.ClassDeclaration, fields: readonly Field[], feature: Feature): Edit[] {
  const filters = filtersOf(fields, feature.fields);
  if (filters.length === 0) return [];
  const list = methodNamed(service, 'list');
  const call = ownCall(list, 'page');
  const conditions = call.arguments[2];
  const bindings = bindingsOfQuery(list);
  if (!bindings && !conditions && call.parent.parent === list.body && list.body?.statements.length === 1) {
    return [
      { from: list.body.getStart(), to: list.body.end, text: `{ ${listSource({ ...feature, fields })} }` },
    ];
  }
  if (!bindings) throw new MissingPlace('const { … } = query in list');
  if (!conditions || !ts.isObjectLiteralExpression(conditions)) {
    throw new MissingPlace('the object of conditions in list');
  }
  const bound = new Set(bindings.elements.map((element) => element.getText()));
  return filters.flatMap(({ field: { name }, field, filter }) => {
    // In the order of the fields, as far as those behind it are there.
    const place = feature.fields.findIndex((each) => each.name === name);
    const later = feature.fields.slice(place + 1).find((each) => bound.has(each.name));
    const next = later?.name ?? 'owner';
    const order = String(place).padStart(3, '0');
    return [
      { ...addBinding(bindings, name, next), order },
      { ...addProperty(conditions, conditionSource(field, filter), `...(${next} `), order },
    ];
  });
}

function bindingsOfQuery(list: ts.MethodDeclaration): ts.ObjectBindingPattern | undefined {
  const isIt = (node: ts.Node): node is ts.VariableDeclaration & { name: ts.ObjectBindingPattern } =>
    ts.isVariableDeclaration(node) &&
    ts.isObjectBindingPattern(node.name) &&
    node.initializer?.getText() === 'query';
  return list.body && findNode(list.body, isIt)?.name;
}
