import type { ValidationArguments } from 'class-validator';
import { DeclarationError } from '../errors/start-error.js';
import type { Detail } from '../errors/errors.js';
import { report, reportUnknown } from './faults.js';
import { type Check, type Constructor, type FieldRules, rulesOf, UnsupportedRule } from './rules.js';

/** The result of validation: the DTO, or all faults. */
export type Outcome<T> =
  | { readonly value: T; readonly faults?: never }
  | { readonly faults: readonly Detail[]; readonly value?: never };

/**
 * Validates a parsed JSON value against a DTO class and creates its instance. Throws only if a rule returns a promise.
 */
export type Validator<T> = (input: unknown) => Outcome<T>;

const compiled = new WeakMap<Constructor, Plan>();

/**
 * Compiles the class-validator decorators of a DTO class into one pass over the input.
 *
 * It calls the same rule functions as class-validator, so both agree about every value; it only omits class-validator's
 * bookkeeping per request. Unknown fields are refused.
 * @throws at once for a decorator that it does not support (groups, async rules, promises)
 */
export function validatorOf<T extends object>(type: Constructor<T>): Validator<T> {
  const plan = planOf(type);
  return (input) => {
    const faults: Detail[] = [];
    const value = plan.run(input, '', faults) as T;
    if (faults.length === 0) plan.finish(value, '', faults);
    return faults.length > 0 ? { faults } : { value };
  };
}

function planOf(type: Constructor): Plan {
  let plan = compiled.get(type);
  if (!plan) {
    plan = new Plan(type);
    // Stored before its fields are compiled, so that a class may contain itself.
    compiled.set(type, plan);
    try {
      plan.compile();
    } catch (error) {
      // An incomplete plan would have no rules.
      compiled.delete(type);
      throw error;
    }
  }
  return plan;
}

interface Field extends FieldRules {
  readonly plan?: Plan;
}

class Plan {
  private fields!: readonly Field[];
  private known!: ReadonlySet<string>;
  /** Fields with a finishing step, or with nested ones. */
  private unfinished!: readonly Field[];

  constructor(private readonly type: Constructor) {}

  compile(): void {
    this.fields = rulesOf(this.type).map((rules) => ({
      ...rules,
      ...(rules.nested && { plan: planOf(rules.nested) }),
    }));
    if (this.fields.length === 0)
      throw new DeclarationError(`${this.type.name} declares no field with class-validator`);
    this.known = new Set(this.fields.map((field) => field.name));
    this.unfinished = this.fields.filter((field) => field.finish ?? field.plan);
  }

  /** `path` ends in a dot or is empty. */
  run(input: unknown, path: string, faults: Detail[]): object | undefined {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      report(faults, path.slice(0, -1), 'must be a JSON object');
      return undefined;
    }
    for (const key in input) {
      if (!this.known.has(key)) reportUnknown(faults, path, key);
    }
    const dto = new this.type() as Record<string, unknown>;
    for (const field of this.fields) {
      if (Object.hasOwn(input, field.name)) {
        dto[field.name] = transformed(field, input as Record<string, unknown>);
      }
    }
    for (const field of this.fields) check(field, dto, path, faults);
    return dto;
  }

  /**
   * Runs the finishing steps of a valid DTO; values that were not validated as DTOs are skipped. `path` as in `run`.
   */
  finish(dto: unknown, path: string, faults: Detail[]): void {
    if (!(dto instanceof this.type)) return;
    for (const field of this.unfinished) finish(field, dto as Record<string, unknown>, path, faults);
  }
}

function transformed(field: Field, input: Record<string, unknown>): unknown {
  let value = input[field.name];
  for (const transform of field.transforms) value = transform(value, input);
  return value;
}

function check(field: Field, dto: Record<string, unknown>, path: string, faults: Detail[]): void {
  const { name, plan } = field;
  const value = dto[name];
  for (const condition of field.conditions) if (!condition(dto, value)) return;
  const fault = faultOf(field, dto);
  if (fault !== undefined) return report(faults, path + name, fault);
  if (plan) dto[name] = nested(plan, value, path + name, faults);
}

/** Transforms a valid value and runs the field's rules again, since escaping makes a text longer. */
function finish(field: Field, dto: Record<string, unknown>, path: string, faults: Detail[]): void {
  const { name, plan } = field;
  const value = dto[name];
  if (field.finish && typeof value === 'string') {
    dto[name] = field.finish(value);
    const fault = faultOf(field, dto);
    if (fault !== undefined) report(faults, path + name, `${fault}, once it is sanitised`);
  }
  if (!plan) return;
  if (!Array.isArray(value)) return plan.finish(value, `${path + name}.`, faults);
  for (const [index, item] of value.entries()) plan.finish(item, `${path + name}.${index}.`, faults);
}

/** The first fault that the rules of a field find. */
function faultOf(field: Field, dto: Record<string, unknown>): string | undefined {
  const args: ValidationArguments = {
    value: dto[field.name],
    object: dto,
    property: field.name,
    targetName: dto.constructor.name,
    constraints: [],
  };
  for (const rule of field.checks) {
    args.constraints = rule.constraints as unknown[];
    const fault = objectionOf(rule, args);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * A rule's message for an invalid value. A rule that throws counts as failed: IsEmail throws on a lone surrogate, and
 * Length when it formats its message for `{"length": {"toString": 0}}`.
 */
function objectionOf(rule: Check, args: ValidationArguments): string | undefined {
  const value: unknown = args.value;
  try {
    const passes =
      rule.each && Array.isArray(value)
        ? value.every((item) => rule.passes(item, args))
        : rule.passes(value, args);
    if (passes) return undefined;
    return value === undefined ? `${args.property} is required` : rule.message(args);
  } catch (error) {
    if (error instanceof UnsupportedRule) throw error;
    return `${args.property} is not valid`;
  }
}

function nested(plan: Plan, value: unknown, path: string, faults: Detail[]): unknown {
  if (value === undefined) return undefined;
  return Array.isArray(value)
    ? value.map((item, index) => plan.run(item, `${path}.${index}.`, faults))
    : plan.run(value, `${path}.`, faults);
}
