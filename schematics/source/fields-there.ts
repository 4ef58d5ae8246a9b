import ts from 'typescript';
import { type Names, namesOf } from '../naming/names.ts';
import { unlessRefused } from '../naming/refusal.ts';
import { pluralOf, wordsOf } from '../naming/words.ts';
import type { List } from '../specification/feature.ts';
import type { Field, Scalar } from '../types/field.ts';
import type { nestedNames } from '../types/nested.ts';
import { FIELD_TYPES, TYPES, type TypeName } from '../types/types.ts';
import { parse } from './edit.ts';
import { classNamed, objectIn, optionalProperty, optionalVariable, variableNamed } from './places.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';

/** What a feature's files say of its fields, and of its lists. */
export interface Described {
  /** In the order of the schema; without those whose rules are not those of a type. */
  readonly fields: readonly Field[];
  /** The names of all. */
  readonly names: readonly string[];
  readonly lists: readonly List[];
  readonly shared: boolean;
}

type Arguments = readonly ts.Expression[];

/** The decorators of a property by their names. */
export function decoratorsOf(property: ts.PropertyDeclaration): Map<string, Arguments> {
  return new Map(
    (ts.getDecorators(property) ?? []).flatMap(({ expression }): [string, Arguments][] =>
      ts.isCallExpression(expression) ? [[expression.expression.getText(), [...expression.arguments]]] : [],
    ),
  );
}

export function propertiesOf(declaration: ts.ClassDeclaration): ts.PropertyDeclaration[] {
  return declaration.members.filter(ts.isPropertyDeclaration);
}

/** The properties of a class by their names. */
function byName(declaration: ts.ClassDeclaration): Map<string, ts.PropertyDeclaration> {
  return new Map(propertiesOf(declaration).map((property) => [property.name.getText(), property]));
}

/** The rule that only one type has, by which a field of it is known. */
const MARKS: ReadonlyMap<string, TypeName> = new Map(
  TYPES.map((type) => {
    const rules = FIELD_TYPES[type].rules(
      { ...PLAIN_FIELD, name: 'field', type: FIELD_TYPES[type] },
      namesOf('projects'),
    );
    return [/^@(\w+)/.exec(rules[0] ?? '')?.[1] ?? '', type];
  }),
);

function literalOf(node: ts.Expression | undefined): Scalar | undefined {
  if (!node) return undefined;
  if (ts.isStringLiteral(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return node.kind === ts.SyntaxKind.TrueKeyword;
  const number = Number(node.getText().replaceAll('_', ''));
  return Number.isNaN(number) ? undefined : number;
}

function numberOf(node: ts.Expression | undefined): number | undefined {
  const value = literalOf(node);
  return typeof value === 'number' ? value : undefined;
}

/** What the rules of a field say of its length or value. */
function boundsOf(rules: ReadonlyMap<string, Arguments>): Pick<Field, 'min' | 'max'> {
  const [name, options] = rules.get('Name') ?? [];
  const of = (rule: string, index: number) => numberOf(rules.get(rule)?.[index]);
  const min = of('Text', 0) ?? of('SafeInteger', 0) ?? of('ExactDecimal', 0) ?? of('Min', 0);
  const least = numberOf(options && optionalProperty(options, 'min')) ?? min;
  const max =
    numberOf(name) ??
    of('Text', 1) ??
    of('RichText', 0) ??
    of('SafeInteger', 1) ??
    of('ExactDecimal', 1) ??
    of('Max', 0);
  return { ...(least !== undefined && { min: least }), ...(max !== undefined && { max }) };
}

/** Of a field that only the server sets there are no rules of what is sent. */
function typeOfStored(
  options: ts.ObjectLiteralExpression,
  answered: ReadonlyMap<string, Arguments>,
): TypeName | undefined {
  const type = optionalProperty(options, 'type')?.getText().replaceAll(/[[\]]/g, '');
  const found = [...answered.keys()].map((rule) => MARKS.get(rule)).find((each) => each !== undefined);
  if (found !== undefined) return found;
  if (type === 'String') return optionalProperty(options, 'rich') ? 'rich' : 'string';
  if (type === 'Number') return answered.has('IsInt') ? 'integer' : 'number';
  if (literalOf(optionalProperty(options, 'ref')) === 'StoredFile') {
    return optionalProperty(options, 'picture') ? 'image' : 'file';
  }
  return type === 'Date' ? 'date' : type?.endsWith('ObjectId') ? 'ref' : undefined;
}

/** The texts of a list of literals; undefined for another expression. */
export function textsIn(node: ts.Node | undefined): string[] | undefined {
  if (node && ts.isAsExpression(node)) return textsIn(node.expression);
  if (!node || !ts.isArrayLiteralExpression(node)) return undefined;
  return node.elements.filter(ts.isStringLiteral).map(({ text }) => text);
}

function targetOf(options: ts.ObjectLiteralExpression): Names | undefined {
  const model = literalOf(optionalProperty(options, 'ref'));
  if (typeof model !== 'string' || model === 'StoredFile') return undefined;
  return unlessRefused(() => namesOf(pluralOf(wordsOf(model)).join('-')));
}

/** Reads what is declared of the fields of a feature. */
export function describedIn(schemaText: string, dtoText: string, names: Names): Described {
  const [schema, dto] = [parse(schemaText), parse(dtoText)];
  const declared = variableNamed(schema, names.records);
  const ofResource = (name: string) => textsIn(optionalProperty(declared, name)) ?? [];
  const [unique, search, stats] = [ofResource('unique'), ofResource('search'), ofResource('stats')];
  const sent = byName(classNamed(dto, `Create${names.Record}Dto`));
  const answered = byName(classNamed(dto, `${names.Record}Dto`));
  const asked = byName(classNamed(dto, `List${names.Feature}Query`));
  const properties = propertiesOf(classNamed(schema, names.Record));
  const fields = properties.flatMap((property): Field[] => {
    const name = property.name.getText();
    const found = { input: sent.get(name), output: answered.get(name), filter: asked.get(name) };
    return fieldIn(schema, property, found).map((field) => ({
      ...field,
      unique: unique.includes(name),
      search: search.includes(name),
      stats: stats.includes(name),
    }));
  });
  const rules = optionalProperty(declared, 'rules');
  const lists = optionalProperty(declared, 'lists');
  return {
    fields: fields.map((field) => ({ ...field, ...laterIn(rules, field.name) })),
    names: properties.map(({ name }) => name.getText()),
    lists: lists && ts.isArrayLiteralExpression(lists) ? lists.elements.map(listIn) : [],
    shared: optionalProperty(declared, 'shared') !== undefined,
  };
}

/** Reads what is declared of the fields of an object. */
export function describedWithin(
  schemaText: string,
  dtoText: string,
  { Class, Input, Dto, words }: ReturnType<typeof nestedNames>,
): Field[] {
  const [schema, dto] = [parse(schemaText), parse(dtoText)];
  const [sent, answered] = [Input, Dto].map((each) => byName(classNamed(dto, each)));
  return propertiesOf(classNamed(schema, Class)).flatMap((property) => {
    const name = property.name.getText();
    const found = { input: sent?.get(name), output: answered?.get(name), filter: undefined };
    return fieldIn(schema, property, found).map((field) => ({ ...field, within: words.join('-') }));
  });
}

/** What a property of a schema says of a field, with those of the DTOs; empty where its rules are not those of a type. */
function fieldIn(
  schema: ts.SourceFile,
  property: ts.PropertyDeclaration,
  {
    input,
    output,
    filter,
  }: Readonly<Record<'input' | 'output' | 'filter', ts.PropertyDeclaration | undefined>>,
): Field[] {
  const [argument] = decoratorsOf(property).get('Prop') ?? [];
  if (!argument || !ts.isObjectLiteralExpression(argument)) return [];
  const options = objectIn(argument, 'the options');
  const rules = decoratorsOf(input ?? property);
  const type = input
    ? [...rules.keys()].map((rule) => MARKS.get(rule)).find((each) => each !== undefined)
    : typeOfStored(options, output ? decoratorsOf(output) : new Map());
  if (type === undefined) return [];
  const filters = filter ? decoratorsOf(filter) : new Map<string, Arguments>();
  const several = filters.has('AnyOf') || filters.has('AnyOfTexts');
  const constant = optionalProperty(options, 'enum')?.getText() ?? '';
  const target = targetOf(options);
  const value = literalOf(optionalProperty(options, 'default'));
  return [
    {
      ...PLAIN_FIELD,
      name: property.name.getText(),
      type: FIELD_TYPES[type],
      list: optionalProperty(options, 'type')?.kind === ts.SyntaxKind.ArrayLiteralExpression,
      required: input !== undefined && !input.questionToken,
      index: filter !== undefined && !filters.has('Compose') && !several,
      encrypted: optionalProperty(options, 'encrypted') !== undefined,
      server: input === undefined,
      several,
      choices: textsIn(optionalVariable(schema, constant)?.initializer) ?? [],
      ...boundsOf(rules),
      ...(value !== undefined && { default: value }),
      ...(target && { target }),
    },
  ];
}

function laterIn(rules: ts.Expression | undefined, name: string): Pick<Field, 'later'> {
  const rule = rules && optionalProperty(rules, name);
  const [after, since] = ['after', 'since'].map((each) => literalOf(rule && optionalProperty(rule, each)));
  const than = after ?? since;
  return typeof than === 'string' ? { later: { than, strictly: after !== undefined, depth: 1 } } : {};
}

function listIn(node: ts.Expression): List {
  return {
    equal: textsIn(optionalProperty(node, 'equal')) ?? [],
    sort: String(literalOf(optionalProperty(node, 'sort'))),
    everybody: optionalProperty(node, 'everybody') !== undefined,
  };
}
