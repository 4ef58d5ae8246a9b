import { MAX_VALUES } from './several.js';
import { type Constructor, type FieldRules, rulesOf } from './rules.js';

/** The part of OpenAPI 3.0's schema object that DTOs need. */
export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  pattern?: string;
  enum?: unknown[];
  nullable?: boolean;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  not?: { enum: unknown[] };
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean;
  /** For query parameters: whether it is repeated for each value. */
  explode?: boolean;
}

/** A number as a string, so that programs keep all its digits. */
const DECIMAL: JsonSchema = { type: 'string', pattern: String.raw`^-?\d{1,34}(\.\d{1,34})?$` };

type Keywords = (...constraints: never[]) => JsonSchema;

/** Each class-validator rule as JSON Schema. A rule that is missing here only narrows, and is omitted. */
const KEYWORDS: Readonly<Record<string, Keywords>> = {
  isString: () => ({ type: 'string' }),
  isLength: (minLength: number, maxLength: number) => ({ type: 'string', minLength, maxLength }),
  minLength: (minLength: number) => ({ type: 'string', minLength }),
  maxLength: (maxLength: number) => ({ type: 'string', maxLength }),
  // No character has less than one.
  maxBytes: (maxLength: number) => ({ type: 'string', maxLength }),
  isRichText: () => ({ type: 'string', format: 'html' }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  /** Letters of every script are accepted, which `email` would refuse. */
  isEmail: () => ({ type: 'string', format: 'idn-email' }),
  matches: (pattern: RegExp) => ({
    type: 'string',
    ...(pattern.flags === '' && { pattern: pattern.source }),
  }),
  isReference: () => ({ type: 'string', pattern: '^[0-9a-fA-F]{24}$' }),
  isIn: (choices: unknown[]) => ({ enum: [...choices] }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  min: (minimum: number) => ({ minimum }),
  max: (maximum: number) => ({ maximum }),
  isEnum: (_: object, choices: unknown[]) => ({ enum: [...choices] }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isMongoId: () => ({ type: 'string', pattern: '^[0-9a-fA-F]{24}$' }),
  // A date or a week is enough, so `date-time` would be wrong.
  isDateString: () => ({ type: 'string', pattern: String.raw`^[+-]?\d{4}` }),
  isIso8601: () => ({ type: 'string', pattern: String.raw`^[+-]?\d{4}` }),
  isNumberString: () => ({ type: 'string', pattern: String.raw`\d$` }),
  isBooleanString: () => ({ type: 'string', enum: ['true', 'false', '1', '0'] }),
  isPositive: () => ({ type: 'number', minimum: 0, not: { enum: [0] } }),
  isNegative: () => ({ type: 'number', maximum: 0, not: { enum: [0] } }),
  isNotEmpty: () => ({ minLength: 1 }),
  arrayMinSize: (minItems: number) => ({ minItems }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  isDecimal128: () => DECIMAL,
  isDay: () => ({ type: 'string', format: 'date' }),
  isPhoneNumber: () => ({ type: 'string', pattern: String.raw`^\+[\d\s()./-]{4,39}$` }),
  isCountry: () => ({ type: 'string', pattern: '^[A-Z]{2}$' }),
  isMoney: () => ({
    type: 'object',
    properties: { amount: DECIMAL, currency: { type: 'string', pattern: '^[A-Z]{3}$' } },
    required: ['amount', 'currency'],
    additionalProperties: false,
  }),
  isSeveral: (item: Constructor, explode: boolean) => ({
    type: 'array',
    items: Object.values(schemaOf(item).properties ?? {})[0] ?? {},
    minItems: 1,
    maxItems: MAX_VALUES,
    explode,
  }),
  isBoolean: () => ({ type: 'boolean' }),
  isDate: () => ({ type: 'string', format: 'date-time' }),
  isMetadata: () => ({ type: 'object', additionalProperties: true }),
  arrayMaxSize: (maxItems: number) => ({ maxItems }),
  arrayUnique: () => ({ uniqueItems: true }),
};

/** One field of a DTO class as JSON Schema. */
export function fieldSchema(field: FieldRules): JsonSchema {
  const isList = field.checks.some((check) => check.name === 'isArray');
  const own: JsonSchema = {};
  const item: JsonSchema = field.nested ? schemaOf(field.nested) : {};
  for (const { name, constraints, each } of field.checks) {
    const keywords = KEYWORDS[name]?.(...(constraints as never[]));
    narrow(isList && each ? item : own, keywords);
  }
  const schema: JsonSchema = isList
    ? { ...own, type: 'array', items: typed(item) }
    : typed({ ...item, ...own });
  if (!field.nullable) return schema;
  // In OpenAPI 3.0, null is allowed only if both say so.
  return { ...schema, ...(schema.enum && { enum: [...schema.enum, null] }), nullable: true };
}

/** Adds a rule's keywords. Rules about the type come first; if there are two bounds, both apply. */
function narrow(schema: JsonSchema, keywords: JsonSchema = {}): void {
  const { type = keywords.type, minimum = -Infinity, maximum = Infinity, minLength = 0 } = schema;
  Object.assign(schema, keywords, type && { type });
  if (keywords.minimum !== undefined) schema.minimum = Math.max(minimum, keywords.minimum);
  if (keywords.maximum !== undefined) schema.maximum = Math.min(maximum, keywords.maximum);
  if (keywords.minLength !== undefined) schema.minLength = Math.max(minLength, keywords.minLength);
}

/** Choices of texts are texts. */
function typed(schema: JsonSchema): JsonSchema {
  const isText = schema.enum?.every((choice) => typeof choice === 'string');
  return isText ? { ...schema, type: 'string' } : schema;
}

/** Order for readers: inherited fields, such as the id, before a record's own. */
function inheritedFirst(fields: readonly FieldRules[]): readonly FieldRules[] {
  return fields.toSorted((a, b) => a.depth - b.depth);
}

/** A DTO class as JSON Schema, from its class-validator decorators. */
export function schemaOf(type: Constructor): JsonSchema {
  const fields = inheritedFirst(rulesOf(type));
  const required = fields.filter((field) => !field.optional).map((field) => field.name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 && { required }),
  };
}
