import type { ErrorDefinition } from '../errors/errors.js';
import { describeAdded } from './describe.js';
import type { Constructor } from './rules.js';

/** A field that one module adds to another module's body. */
interface AddedField {
  /** The decorators, as above a property. */
  readonly rules: readonly PropertyDecorator[];
  /** Errors that the field adds to the routes that take it. */
  readonly errors: readonly ErrorDefinition[];
}

const errorsOf = new WeakMap<Constructor, readonly ErrorDefinition[]>();

/**
 * Adds a field to a DTO class of another module, when the files are loaded. For optional modules: the field and its
 * errors exist only if the module is part of the application.
 */
export function addField(type: Constructor, field: string, { rules, errors }: AddedField): void {
  const { prototype } = type as { prototype: object };
  for (const decorate of rules.toReversed()) decorate(prototype, field);
  describeAdded(type, field);
  errorsOf.set(type, [...addedErrorsOf(type), ...errors]);
}

/** The errors that come with fields added to a DTO class, or to one that it extends. */
export function addedErrorsOf(type: Constructor | undefined): readonly ErrorDefinition[] {
  if (!type) return [];
  return errorsOf.get(type) ?? addedErrorsOf(Object.getPrototypeOf(type) as Constructor);
}
