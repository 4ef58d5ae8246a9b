import type { Schema } from 'mongoose';
import { ApiError, apiError } from '../errors/errors.js';
import { DeclarationError } from '../errors/start-error.js';

/** The states that can follow each state: `{ open: ['pending'], pending: ['closed'], closed: ['open'] }`. */
export type Transitions<Name extends string = string> = {
  readonly [From in Name]?: readonly Name[];
};

type TextOf<T, K extends keyof T> = NonNullable<T[K]> & string;

/** The transitions of each field that is a state. */
export type StatesOf<T> = {
  readonly [K in keyof T as [TextOf<T, K>] extends [never] ? never : K]?: Transitions<TextOf<T, K>>;
};

/** A transition of a record from one state to another. */
export interface Transition<T> {
  readonly field: string;
  readonly from: string;
  readonly to: string;
  /** The record before the transition. */
  readonly record: T;
}

/** Attempts at a transition while concurrent changes get in the way. */
const MAX_ATTEMPTS = 10;

type Fields = Readonly<Record<string, unknown>>;

/** A field of a resource that is a state. */
export interface State {
  readonly field: string;
  /** The state in which a record begins. */
  readonly initial: string;
  /** The states that can follow each. */
  readonly next: ReadonlyMap<string, readonly string[]>;
}

/** The fields of a resource that change by declared transitions only. */
export class States {
  readonly all: readonly State[];

  /** @throws DeclarationError for states that do not match the schema */
  constructor(
    resource: string,
    schema: Schema,
    declared: Readonly<Record<string, Transitions | undefined>>,
    private readonly sets: ((transition: Transition<never>) => object) | undefined,
  ) {
    const refuse = (problem: string): never => {
      throw new DeclarationError(`resource '${resource}': ${problem}`);
    };
    this.all = Object.entries(declared).map(([field, transitions = {}]) =>
      stateOf(schema, field, transitions, refuse),
    );
    if (this.all.length === 0) refuse(sets ? 'onTransition needs states' : 'states names no field');
  }

  /** Whether the written fields include a state. */
  areIn(written: object): boolean {
    return this.all.some(({ field }) => field in written);
  }

  /** @throws ApiError TRANSITION_NOT_ALLOWED for a new record that is not in the initial state */
  requireInitial(fields: object): void {
    for (const { field, initial } of this.all) {
      const state = (fields as Fields)[field] ?? initial;
      if (state !== initial) throw notAllowed(field, `${field} must be ${initial} in a new record`);
    }
  }

  /**
   * A change of a record, with the fields that its transitions set. A state that is not given stays the same.
   * @throws ApiError TRANSITION_NOT_ALLOWED
   */
  applied<C extends object>(record: object, change: C): C {
    const next = { ...change } as Record<string, unknown>;
    for (const { field, initial, next: ways } of this.all) {
      const from = String((record as Fields)[field] ?? initial);
      const to = next[field] ?? from;
      delete next[field];
      if (to === from) continue;
      const allowed = ways.get(from) ?? [];
      if (!allowed.includes(to as string)) throw notAllowed(field, hint(field, from, allowed));
      const transition = { field, from, to: to as string, record } as Transition<never>;
      Object.assign(next, { [field]: to }, this.sets?.(transition));
    }
    return next as C;
  }
}

/**
 * Reads a record and changes it if it is still as it was read; after a concurrent change it starts again.
 * @throws ApiError CONFLICT if that happens repeatedly
 */
export async function asRead<T>(read: () => Promise<T>, write: (record: T) => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const record = await read();
    try {
      return await write(record);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'PRECONDITION_FAILED')) throw error;
    }
  }
  throw apiError('CONFLICT');
}

function notAllowed(path: string, message: string) {
  return apiError('TRANSITION_NOT_ALLOWED', { details: [{ path, message }] });
}

function hint(field: string, from: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return `${field} is ${from}, which is final`;
  return `${field} is ${from} and can become ${allowed.join(', ')} only`;
}

function stateOf(
  schema: Schema,
  field: string,
  transitions: Transitions,
  refuse: (problem: string) => never,
): State {
  const type = schema.path(field);
  if (!type) refuse(`states names ${field}, which is no field of the schema`);
  const options = type.options as { readonly enum?: unknown; readonly default?: unknown };
  const { enum: choices, default: initial } = options;
  if (type.instance !== 'String' || !Array.isArray(choices) || typeof initial !== 'string') {
    return refuse(`states names ${field}, which needs an enum, and a default in which records begin`);
  }
  const known = choices as string[];
  const next = new Map(Object.entries(transitions).map(([from, to]) => [from, [...new Set(to)]] as const));
  const named = new Set([initial, ...next.keys(), ...[...next.values()].flat()]);
  const unknown = [...named].find((state) => !known.includes(state));
  if (unknown !== undefined) {
    refuse(`states.${field} names ${unknown}, and the enum of ${field} has ${known.join(', ')}`);
  }
  const silent = known.find((state) => !named.has(state));
  if (silent !== undefined) {
    refuse(`states.${field} says nothing of ${silent}: write how records get there, or ${silent}: []`);
  }
  return { field, initial, next };
}
