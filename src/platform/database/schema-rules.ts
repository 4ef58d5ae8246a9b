import type { Schema, SchemaType } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';

/** Options that only Mongoose's documents and queries would apply, and what to write instead. */
const OF_DOCUMENTS: Readonly<Record<string, string>> = {
  lowercase: 'lower the text in the DTO with @Transform',
  uppercase: 'raise the text in the DTO with @Transform',
  trim: 'the DTO trims texts: @Text(), @Name(), @Trim()',
  set: 'change the value in the DTO with @Transform, or in the service',
  get: 'make the value in the DTO that answers the record',
  transform: 'make the value in the DTO that answers the record',
  alias: 'rename the field in the DTO that answers the record',
  select: 'leave the field out of the DTO that answers the record',
  immutable: 'leave the field out of the DTO of PATCH and PUT',
  validate: 'write a rule in the DTO',
};

/** Mongoose's validators that look only at the value, and so can be applied here as well. */
const RULES: ReadonlySet<unknown> = new Set(['enum', 'min', 'max', 'minlength', 'maxlength', 'regexp']);

const OWN_PLUGINS: ReadonlySet<string> = new Set([
  'addIdGetter',
  'saveSubdocs',
  'shardingPlugin',
  'trackTransaction',
  'validateBeforeSave',
]);
const OWN_METHODS: ReadonlySet<string> = new Set(['initializeTimestamps']);
const OWN_PATHS: ReadonlySet<string> = new Set(['_id', 'createdAt', 'updatedAt']);

type Test = (value: unknown) => unknown;
type Hooks = Readonly<Record<'_pres' | '_posts', ReadonlyMap<string, readonly { readonly fn?: object }[]>>>;

/** Parts of a schema that Mongoose's types do not declare. */
interface Internals {
  readonly s: { readonly hooks: Hooks };
  readonly plugins: readonly { readonly fn: { readonly name: string } }[];
  readonly aliases: object;
}

/** The schema's declaration of one field. */
interface FieldRule {
  readonly name: string;
  readonly tests: readonly { readonly rule: string; readonly passes: Test }[];
  /** The same for the items of a list. */
  readonly ofItems: FieldRule['tests'];
}

function testsOf(type: SchemaType | undefined): FieldRule['tests'] {
  return (type?.validators ?? [])
    .filter((validator) => RULES.has(validator.type))
    .map(({ type: rule, validator }) => ({ rule: String(rule), passes: validator as Test }));
}

function isBuiltIn(hook: object | undefined): boolean {
  return Object.getOwnPropertySymbols(hook ?? {}).some((symbol) => String(symbol).includes('built-in'));
}

/** Declarations of a whole schema that would have no effect, and what to write instead. */
function* deadPartsOf(schema: Schema): Generator<readonly [string, string]> {
  const { s, plugins, aliases } = schema as unknown as Internals;
  const virtual = Object.keys(schema.virtuals).find((name) => name !== 'id' && !(name in aliases));
  if (virtual !== undefined) {
    yield [`virtual('${virtual}')`, 'make the value in the DTO, and ask for other records in the service'];
  }
  for (const kind of ['_pres', '_posts'] as const) {
    for (const [operation, registered] of s.hooks[kind]) {
      if (registered.every(({ fn }) => isBuiltIn(fn))) continue;
      yield [`${kind === '_pres' ? 'pre' : 'post'}('${operation}')`, 'do it in the service'];
    }
  }
  const plugin = plugins.find(({ fn }) => !OWN_PLUGINS.has(fn.name));
  if (plugin) yield [`plugin(${plugin.fn.name})`, 'do it in the service'];
  const method = Object.keys(schema.methods).find((name) => !OWN_METHODS.has(name));
  if (method !== undefined) yield [`method('${method}')`, 'write a function that takes the record'];
  for (const option of ['toJSON', 'toObject'] as const) {
    if (schema.get(option)) yield [option, 'make the answer in the DTO'];
  }
}

/**
 * Applies a schema's defaults and validators to records, as Mongoose does to documents. Records are not Mongoose
 * documents, so any other declaration would have no effect and is refused.
 */
export class SchemaRules {
  private readonly fields: readonly FieldRule[];
  private readonly defaults: readonly (readonly [string, unknown])[];
  private readonly model: string;

  /** @throws DeclarationError for declarations that would have no effect */
  constructor({ modelName, schema }: { readonly modelName: string; readonly schema: Schema }) {
    this.model = modelName;
    const [dead] = deadPartsOf(schema);
    if (dead) this.refuse(`The schema of ${modelName}`, ...dead);
    const fields: FieldRule[] = [];
    const defaults: (readonly [string, unknown])[] = [];
    for (const [name, type] of this.pathsOf(schema)) {
      const rule = { name, tests: testsOf(type), ofItems: testsOf(type.getEmbeddedSchemaType()) };
      if (rule.tests.length > 0 || rule.ofItems.length > 0) fields.push(rule);
      const fallback = type.options['default'] as unknown;
      if (fallback !== undefined && name !== 'version') defaults.push([name, fallback]);
    }
    this.fields = fields;
    this.defaults = defaults;
  }

  /** Adds defaults for fields that a new record does not name. Those that are null stay absent. */
  fillIn(record: Record<string, unknown>, given: object): void {
    for (const [name, fallback] of this.defaults) {
      if ((given as Readonly<Record<string, unknown>>)[name] !== undefined) continue;
      const value: unknown =
        typeof fallback === 'function' ? (fallback as Test).call(record, record) : structuredClone(fallback);
      if (value !== undefined && value !== null) record[name] = value;
    }
  }

  /** @throws Error for a value that the schema does not allow: a DTO should have refused it */
  check(written: Readonly<Record<string, unknown>>): void {
    for (const { name, tests, ofItems } of this.fields) {
      const value = written[name];
      if (value === undefined) continue;
      for (const { rule, passes } of tests) if (!passes(value)) this.object(name, rule);
      if (ofItems.length === 0 || !Array.isArray(value)) continue;
      for (const { rule, passes } of ofItems) if (!value.every(passes)) this.object(name, rule);
    }
  }

  /** The fields of records; nested contents are checked by the DTO. */
  private pathsOf(schema: Schema): [string, SchemaType][] {
    const all = Object.entries(schema.paths).filter(([name]) => !OWN_PATHS.has(name));
    for (const [name, type] of all) {
      const place = `${this.model}.${name}`;
      for (const each of [type, type.getEmbeddedSchemaType()]) this.refuseOptions(place, each);
      if (type.schema) this.refuseWithin(place, type.schema);
      if (name.includes('.')) this.refuseRules(place, type);
    }
    return all.filter(([name]) => !name.includes('.'));
  }

  private refuseOptions(place: string, type: SchemaType | undefined): void {
    for (const [option, instead] of Object.entries(OF_DOCUMENTS)) {
      if (type?.options[option] !== undefined) this.refuse(place, option, instead);
    }
  }

  private refuseWithin(place: string, schema: Schema): void {
    const [dead] = deadPartsOf(schema);
    if (dead) this.refuse(place, ...dead);
    for (const [name, type] of Object.entries(schema.paths)) {
      if (name === '_id') continue;
      this.refuseOptions(`${place}.${name}`, type);
      this.refuseRules(`${place}.${name}`, type);
      if (type.schema) this.refuseWithin(`${place}.${name}`, type.schema);
    }
  }

  private refuseRules(place: string, type: SchemaType): void {
    const [test] = [...testsOf(type), ...testsOf(type.getEmbeddedSchemaType())];
    if (test) this.refuse(place, test.rule, 'write the rule in the DTO of the nested object');
    if (type.options['default'] !== undefined) {
      this.refuse(place, 'default', 'fill it in the DTO of the nested object, or in the service');
    }
  }

  private refuse(place: string, what: string, instead: string): never {
    throw new DeclarationError(`${place} declares ${what}, which does nothing here: ${instead}`);
  }

  private object(name: string, rule: string): never {
    throw new Error(
      `${this.model}.${name} is to hold a value that its schema does not allow (${rule}): check it in the DTO`,
    );
  }
}
