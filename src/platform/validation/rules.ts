import { PROPERTY_DEPS_METADATA } from '@nestjs/common/constants.js';
import { getMetadataStorage, type ValidationArguments, ValidationTypes } from 'class-validator';
// The package offers no public way to read these; it is the object that every @Transform and @Type writes to.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { DeclarationError } from '../errors/start-error.js';
import { noteOf } from './texts.js';

export type Constructor<T extends object = object> = new () => T;

/** One class-validator decorator, ready to be called. */
export interface Check {
  /** The name class-validator gives the rule: `isString`, `isLength`, … */
  readonly name: string;
  /** Its arguments: `[1, 100]`. */
  readonly constraints: readonly unknown[];
  /** Applied to each item of a list instead of the value. */
  readonly each: boolean;
  passes(value: unknown, args: ValidationArguments): boolean;
  message(args: ValidationArguments): string;
}

type Condition = (object: object, value: unknown) => boolean;
type Transform = (value: unknown, object: object) => unknown;
type Finish = (text: string) => string;

/** Everything that is declared about one field of a DTO class. */
export interface FieldRules {
  readonly name: string;
  /** How many classes the one that declares the field extends. */
  readonly depth: number;
  readonly checks: readonly Check[];
  /** Unless all hold, the field is not validated: @IsOptional, @ValidateIf. */
  readonly conditions: readonly Condition[];
  readonly transforms: readonly Transform[];
  /** Descriptions of the transforms, for the OpenAPI document. */
  readonly notes: readonly string[];
  /** Transforms the value once the whole input is valid, such as sanitising rich text. */
  readonly finish?: Finish;
  /** The DTO class of a nested object, or of each item of a nested list. */
  readonly nested?: Constructor;
  /** May be null. */
  readonly nullable: boolean;
  /** May be omitted. */
  readonly optional: boolean;
}

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

const SUPPORTED: ReadonlySet<string> = new Set([
  ValidationTypes.CUSTOM_VALIDATION,
  ValidationTypes.IS_DEFINED,
  ValidationTypes.CONDITIONAL_VALIDATION,
  ValidationTypes.NESTED_VALIDATION,
  ValidationTypes.WHITELIST,
]);

/** A rule that compiled validation does not support. */
export class UnsupportedRule extends DeclarationError {
  constructor(type: Constructor, field: string, rule: string, instead: string) {
    super(`${type.name}.${field} uses ${rule}: ${instead}`);
  }
}

const IN_A_SERVICE =
  "a DTO's rules see the value alone. Look it up in the service, which throws invalid([{ path, message }])";
const A_CLASS_EACH =
  'write a DTO class for each case; PickType, OmitType and PartialType of @nestjs/swagger make one of another';
const AS_SENT = 'a DTO has the fields that clients send and get. Give the field that name, or leave it out';

/** What to use instead of a conversion: JSON has these types, and query parameters have their own decorators. */
const CONVERSIONS = new Map<unknown, string>([
  [Number, '@QueryInteger() or @QueryNumber() in a query, @IsInt() or @IsNumber() in a body'],
  [Boolean, '@QueryFlag() in a query, @IsBoolean() in a body'],
  [Date, '@UtcTime()'],
  [String, '@IsString()'],
]);

/** Whether a rule's class has constructor parameters, which nothing would inject. */
function needsInjection({ target }: { readonly target: object }): boolean {
  return (target as Constructor).length > 0 || Reflect.hasMetadata(PROPERTY_DEPS_METADATA, target);
}

/** Whether a value passed; refuses a rule that returns a promise without being declared async. */
function isPassed(outcome: unknown, refuse: () => never): boolean {
  if (!(outcome instanceof Promise)) return outcome === true;
  // Nothing awaits it, so an unhandled rejection would end the process.
  outcome.catch(() => undefined);
  return refuse();
}

/**
 * Rules about the type run first, whatever their order of declaration: "must be a string" says more about a number than
 * "too short". Whether it is a list, and not too long, comes before the rules for its items.
 */
const RANKS: Readonly<Record<string, number>> = {
  isArray: 0,
  arrayMaxSize: 1,
  arrayMinSize: 1,
  isObject: 2,
  isString: 2,
  isInt: 2,
  isNumber: 2,
  isBoolean: 2,
  isDate: 2,
};

function rank({ name }: Check): number {
  return RANKS[name] ?? 3;
}

function replaceTokens(message: string, args: ValidationArguments): string {
  return message
    .replaceAll('$property', args.property)
    .replaceAll(/\$constraint(\d+)/g, (_, index: string) => String(args.constraints[Number(index) - 1]));
}

function checksOf(type: Constructor, metadata: Metadata): Check[] {
  const { constraintCls, constraints = [], each, message } = metadata;
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map((constraint) => {
      const refuse = (rule: string): never => {
        throw new UnsupportedRule(type, metadata.propertyName, rule, IN_A_SERVICE);
      };
      const { target, name } = constraint;
      if (constraint.async) refuse('an async rule');
      if (needsInjection(constraint)) refuse(`${target.name}, a rule with dependencies`);
      const { instance } = constraint;
      if (instance.validate.constructor.name === 'AsyncFunction') refuse('an async rule');
      const { validateIf } = metadata;
      return {
        name: constraint.name,
        constraints: constraints as unknown[],
        each,
        passes: (value, args) =>
          (validateIf ? !validateIf(args.object, args.value) : false) ||
          isPassed(instance.validate(value, args), () => refuse(`${name}, a rule that answers by a promise`)),
        message: (args) => {
          const text = typeof message === 'function' ? message(args) : message;
          return replaceTokens(text || instance.defaultMessage?.(args) || '$property is not valid', args);
        },
      };
    });
}

function nestedTypeOf(type: Constructor, field: string): Constructor {
  const typed = defaultMetadataStorage.findTypeMetadata(type, field);
  const nested = typed?.typeFunction() as Constructor | undefined;
  if (!nested) {
    const instead = 'write @Type(() => Class) beside it';
    throw new UnsupportedRule(type, field, '@ValidateNested without @Type', instead);
  }
  if (typed?.options?.discriminator) {
    const instead = 'give each kind a field of its own with @Type(() => Class), each @IsOptional()';
    throw new UnsupportedRule(type, field, '@Type with a discriminator', instead);
  }
  return nested;
}

/** Reads the class-validator and class-transformer decorators of a DTO class, its base classes included. */
export function rulesOf(type: Constructor): readonly FieldRules[] {
  refuseRenaming(type);
  const storage = getMetadataStorage();
  const byField = Map.groupBy(
    storage.getTargetValidationMetadatas(type, '', false, false),
    (m) => m.propertyName,
  );
  return [...byField].map(([name, metadatas]) => {
    const of = (...kinds: string[]) => metadatas.filter((m) => kinds.includes(m.type));
    const other = metadatas.find((m) => !SUPPORTED.has(m.type));
    if (other) throw new UnsupportedRule(type, name, '@ValidatePromise', IN_A_SERVICE);
    if (metadatas.some((m) => m.groups?.length))
      throw new UnsupportedRule(type, name, 'groups', A_CLASS_EACH);
    if (metadatas.some((m) => m.context !== undefined)) {
      throw new UnsupportedRule(type, name, 'context', 'nobody reads it. Say it in the message');
    }
    const conditions = of(ValidationTypes.CONDITIONAL_VALIDATION).map((m) => m.constraints[0] as Condition);
    const isNested = of(ValidationTypes.NESTED_VALIDATION).length > 0;
    const typed = defaultMetadataStorage.findTypeMetadata(type, name);
    if (!isNested && typed) {
      const target = typed.typeFunction() as Constructor;
      const instead = CONVERSIONS.get(target) ?? '@ValidateNested() beside it';
      throw new UnsupportedRule(type, name, `@Type(() => ${target.name})`, `write ${instead}`);
    }
    const checks = of(ValidationTypes.IS_DEFINED, ValidationTypes.CUSTOM_VALIDATION)
      .flatMap((m) => checksOf(type, m))
      .toSorted((a, b) => rank(a) - rank(b));
    const richText = checks.find((check) => check.name === 'isRichText');
    return {
      name,
      depth: Math.min(...metadatas.map(({ target }) => depthOf(target))),
      checks,
      conditions,
      transforms: transformsOf(type, name),
      notes: notesOf(type, name),
      ...(richText && { finish: richText.constraints[0] as Finish }),
      ...(isNested && { nested: nestedTypeOf(type, name) }),
      nullable: conditions.some((condition) => !condition({ [name]: null }, null)),
      optional: conditions.some((condition) => !condition({}, undefined)),
    };
  });
}

function depthOf(target: object | string): number {
  const base: unknown = typeof target === 'function' ? Object.getPrototypeOf(target) : null;
  return typeof base === 'function' ? 1 + depthOf(base) : 0;
}

function transformsOf(type: Constructor, key: string): Transform[] {
  // 0 is PLAIN_TO_CLASS; the enumeration is erased from the types.
  return defaultMetadataStorage.findTransformMetadatas(type, key, 0).map(({ transformFn, options }) => {
    const { groups, since, until } = options;
    if (groups?.length || since !== undefined || until !== undefined) {
      throw new UnsupportedRule(type, key, '@Transform with groups or versions', A_CLASS_EACH);
    }
    return (value, obj) => transformFn({ value, key, obj, type: 0, options: {} }) as unknown;
  });
}

function notesOf(type: Constructor, key: string): string[] {
  const transforms = defaultMetadataStorage.findTransformMetadatas(type, key, 0);
  return transforms.map(({ transformFn }) => noteOf(transformFn)).filter((note) => note !== undefined);
}

/** @Expose and @Exclude rename or drop fields, on the class or on one of them. */
function refuseRenaming(type: Constructor): void {
  const [metadata] = [
    ...defaultMetadataStorage.getExposedMetadatas(type),
    ...defaultMetadataStorage.getExcludedMetadatas(type),
  ];
  if (metadata || defaultMetadataStorage.getStrategy(type) !== 'none') {
    throw new UnsupportedRule(type, metadata?.propertyName ?? '*', '@Expose or @Exclude', AS_SENT);
  }
}
