import type { ErrorDefinition } from '../errors/errors.js';
import { describeAdded } from './describe.js';
import type { Constructor } from './rules.js';

/** What a module adds to a body of another one. */
interface AddedField {
  /** As they would stand above the property. */
  readonly rules: readonly PropertyDecorator[];
  /** What routes that take the field may answer because of it. */
  readonly errors: readonly ErrorDefinition[];
}

const errorsOf = new WeakMap<Constructor, readonly ErrorDefinition[]>();

/**
 * Adds a field to a DTO class of another module, when the files are loaded. For optional modules: the field and its
 * errors are known only where the module is part of the application.
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
