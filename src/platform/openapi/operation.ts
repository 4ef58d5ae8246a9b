import type { OpenAPIObject } from '@nestjs/swagger';
import type { Access } from '../access/access.js';
import type { StepUpRule } from '../access/step-up.js';
import type { Section } from '../docs/section.js';
import type { PossibleError } from '../database/resource.js';

type Documented = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** What decorators note on a handler for this folder. The finished document has none of it. */
interface Notes {
  /** Of `@ApiSection`. */
  'x-section'?: Section;
  /** Of `@Public`, `@SignedIn`, `@Requires` and `@OwnerOr`. */
  'x-access'?: Access;
  /** Of `@StepUp`. */
  'x-step-up'?: StepUpRule;
  /** Of `@CurrentScope`: it works in an organization where the request chooses one. */
  'x-organizational'?: true;
  /** Of `@Answers` and its kin: the codes that only this operation has. */
  'x-errors'?: PossibleError[];
  /** Of `addField`: the codes that come with a field of its body. */
  'x-added-errors'?: PossibleError[];
  /** Of `@AnyInput`: nothing of the request is refused. */
  'x-any-input'?: boolean;
  /** Of `@Answers`: the record has a version. */
  'x-versioned'?: boolean;
}

export type Operation = Documented & Notes;
export type Parameter = Exclude<NonNullable<Documented['parameters']>[number], { $ref: string }>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** One operation of the document and where it stands. */
export interface Place {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
}

export function operationsOf({ paths }: OpenAPIObject): Place[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method] as Operation | undefined;
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

/** The parameters of an operation; those that the document keeps elsewhere, which ours does not do, are left out. */
export function parametersOf({ parameters = [] }: Operation): Parameter[] {
  return parameters.filter((parameter) => 'name' in parameter);
}

/** The errors that are declared for an operation, and for what it takes. */
export function errorsOf(operation: Operation): PossibleError[] {
  return [...(operation['x-errors'] ?? []), ...(operation['x-added-errors'] ?? [])];
}

const NOTES = [
  'x-section',
  'x-access',
  'x-step-up',
  'x-organizational',
  'x-errors',
  'x-added-errors',
  'x-any-input',
  'x-versioned',
] as const satisfies readonly (keyof Notes)[];

export function removeNotes(operation: Operation): void {
  for (const note of NOTES) delete operation[note];
}
