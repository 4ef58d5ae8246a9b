import type { Schema } from 'mongoose';
import type { States } from '../../platform/database/states.js';
import { documentationOf, isDto } from '../../platform/validation/describe.js';
import { fieldSchema, type JsonSchema } from '../../platform/validation/json-schema.js';
import { type Constructor, type FieldRules, rulesOf } from '../../platform/validation/rules.js';

/** What a page shows a value as, and lets people enter it with. */
export type FieldType =
  | 'text'
  | 'longtext'
  | 'richtext'
  | 'email'
  | 'url'
  | 'password'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'day'
  | 'enum'
  | 'reference'
  | 'object'
  | 'money'
  | 'metadata'
  | 'list';

/** A field of a feature, for pages that are made of it. */
export interface FeatureField {
  readonly name: string;
  readonly type: FieldType;
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  /** Sent when a record is created, and when it is changed; neither: only answered. */
  readonly creatable: boolean;
  readonly changeable: boolean;
  /** Stands in answers; a password does not. */
  readonly answered: boolean;
  /** Has to be sent, and is never null. */
  readonly required: boolean;
  /** A change may empty it. */
  readonly clearable: boolean;
  readonly unique: boolean;
  readonly encrypted: boolean;
  readonly values?: readonly unknown[];
  /** Of a state: where a record can go from each. */
  readonly transitions?: Readonly<Record<string, readonly string[]>>;
  readonly min?: number;
  readonly max?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  /** The model that a reference leads to. */
  readonly model?: string;
  /** What a list holds. */
  readonly item?: FeatureField;
  /** What an object is made of. */
  readonly fields?: readonly FeatureField[];
}

/** Longer texts get room for several lines. */
const LONGEST_LINE = 255;
/** Rules that say more than the JSON type of a value does. */
const TYPE_OF_RULE: Readonly<Record<string, FieldType>> = {
  isMetadata: 'metadata',
  isMoney: 'money',
  isRichText: 'richtext',
  isReference: 'reference',
  isDate: 'date',
  isEnum: 'enum',
  isIn: 'enum',
  isMailbox: 'email',
  isEmail: 'email',
  isUrl: 'url',
  isInt: 'integer',
  isNumber: 'number',
  isBoolean: 'boolean',
};
const TYPE_OF_FORMAT: Readonly<Record<string, FieldType>> = {
  'date-time': 'date',
  date: 'day',
  html: 'richtext',
  uri: 'url',
  'idn-email': 'email',
};

type Role = Pick<FeatureField, 'creatable' | 'changeable' | 'answered'>;

function bounds(schema: JsonSchema): Partial<FeatureField> {
  const { minimum, maximum, minLength, maxLength, maxItems, enum: values } = schema;
  return {
    ...(values && { values: values.filter((value) => value !== null) }),
    ...(minimum !== undefined && { min: minimum }),
    ...(maximum !== undefined && { max: maximum }),
    ...(minLength && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(maxItems !== undefined && { maxItems }),
  };
}

function textType({ maxLength = 0 }: JsonSchema): FieldType {
  return maxLength > LONGEST_LINE ? 'longtext' : 'text';
}

function typeOf(rules: FieldRules, schema: JsonSchema, each: boolean): FieldType {
  if (rules.nested) return 'object';
  if (rules.name === 'password') return 'password';
  const names = new Set(rules.checks.filter((check) => Boolean(check.each) === each).map(({ name }) => name));
  const found = Object.keys(TYPE_OF_RULE).find((name) => names.has(name));
  return (found && TYPE_OF_RULE[found]) || typeOfSchema(schema);
}

/** Of an answer, and of what a rule such as `@InMoney` takes, there is only the schema. */
function typeOfSchema(schema: JsonSchema): FieldType {
  if (schema.format && TYPE_OF_FORMAT[schema.format]) return TYPE_OF_FORMAT[schema.format] ?? 'text';
  if (schema.enum) return 'enum';
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object') return schema.additionalProperties === false ? 'object' : 'metadata';
  if (schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean') return schema.type;
  return textType(schema);
}

/** What an object is made of whose schema names all of its properties. */
function partsOf({ properties = {}, required = [] }: JsonSchema, role: Role): FeatureField[] {
  return Object.entries(properties).map(([name, each]) => ({
    ...role,
    name,
    type: typeOfSchema(each),
    required: required.includes(name),
    clearable: false,
    unique: false,
    encrypted: false,
    ...bounds(each),
  }));
}

/** What a DTO class takes, field by field. */
export class TakenFields {
  /** @param schema says which texts are encrypted and where references lead */
  constructor(
    private readonly schema: Schema,
    private readonly unique: ReadonlySet<string>,
  ) {}

  of(type: Constructor | undefined, role: Role): FeatureField[] {
    if (!type || !isDto(type)) return [];
    return rulesOf(type).map((rules) => this.field(type, rules, role, rules.name));
  }

  private field(type: Constructor, rules: FieldRules, role: Role, path: string): FeatureField {
    const schema = fieldSchema(rules);
    const { description: whole, example, default: fallback } = documentationOf(type, rules.name);
    // What a transform does to a text is for programs; people see what becomes of theirs.
    const description = rules.notes.reduce((text, note) => text.replace(note, ''), whole ?? '').trim();
    const isList = schema.type === 'array';
    const option = this.optionsOf(path);
    const single = isList ? (schema.items ?? {}) : schema;
    const kind = typeOf(rules, single, isList);
    const common = { ...role, unique: false, encrypted: false, required: true, clearable: rules.nullable };
    const { nested } = rules;
    const inner: Partial<FeatureField> = {
      ...((kind === 'object' || kind === 'money') && {
        fields: nested
          ? rulesOf(nested).map((each) => this.field(nested, each, role, `${path}.${each.name}`))
          : partsOf(single, role),
      }),
      ...(option.ref !== undefined && { model: option.ref }),
    };
    return {
      ...common,
      name: rules.name,
      type: isList ? 'list' : kind,
      ...(description && { description }),
      ...(example !== undefined && example !== null && { example: example as unknown }),
      ...(fallback !== undefined && { default: fallback as unknown }),
      required: !rules.optional && !rules.nullable,
      unique: this.unique.has(path),
      encrypted: option.encrypted === true,
      ...bounds(schema),
      ...(isList
        ? { item: { ...common, name: rules.name, type: kind, ...bounds(schema.items ?? {}), ...inner } }
        : inner),
    };
  }

  private optionsOf(path: string): { ref?: string; encrypted?: boolean } {
    const found = this.schema.path(path) as { options?: { ref?: unknown; encrypted?: unknown } } | undefined;
    const { ref, encrypted } = found?.options ?? {};
    return { ...(typeof ref === 'string' && { ref }), ...(encrypted === true && { encrypted }) };
  }
}

/** What a record is answered with and nobody sends. */
export function answeredFields(schema: JsonSchema, taken: readonly FeatureField[]): FeatureField[] {
  const known = new Set(taken.map(({ name }) => name));
  const answered = { creatable: false, changeable: false, answered: true };
  return partsOf(schema, answered)
    .filter(({ name }) => !known.has(name))
    .map((field) => ({ ...field, required: true }));
}

/** The fields, with where those can go that are states. */
export function withTransitions(fields: readonly FeatureField[], states: States | undefined): FeatureField[] {
  const ways = new Map(states?.all.map(({ field, next }) => [field, Object.fromEntries(next)]));
  return fields.map((field) => {
    const transitions = ways.get(field.name);
    return transitions ? { ...field, transitions } : field;
  });
}
