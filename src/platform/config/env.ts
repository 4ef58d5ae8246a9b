/** The environment that a configuration is read from: texts by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const MODES = ['development', 'production', 'test'] as const;
export type Mode = (typeof MODES)[number];

/** How the text of a variable becomes its value. Throws an `Error` that says what is expected, never what was given. */
export interface Kind<T> {
  /** What is accepted, for people: `an integer from 0 to 65535`. */
  readonly accepts: string;
  /** Whether spaces around the text belong to it; others are trimmed. */
  readonly isExact?: boolean;
  parse(text: string, mode: Mode): T;
}

export interface Settings<T> {
  /** The value when the variable is not set. */
  readonly default?: T;
  /** The same in production, where it differs. */
  readonly productionDefault?: T;
  readonly requiredInProduction?: boolean;
  /** Another variable, without which this one means nothing. */
  readonly requires?: string;
  /** The same in production. */
  readonly requiresInProduction?: string;
  /** Outside production one that is not set is made of so many random bytes, as base64, and kept in DATA_DIR. */
  readonly kept?: { readonly as: string; readonly bytes: number };
  /** Checked at start, but no part of this version uses it yet. */
  readonly reserved?: boolean;
}

/** One environment variable of the configuration class. */
export interface Variable extends Settings<unknown> {
  readonly name: string;
  readonly property: string;
  readonly kind: Kind<unknown>;
}

/** A class of one concern's variables, in `<name>.config.ts` beside what uses them. */
export interface ConfigClass<T extends object = object> {
  new (): T;
  /** What is at fault between values that are each right. */
  readonly faultsOf?: (values: never) => readonly Fault[];
}

const declared = new WeakMap<object, Variable[]>();

/** Declares that a property is read from the environment variable `name`. */
export function Env<T>(name: string, kind: Kind<T>, settings: Settings<NoInfer<T>> = {}): PropertyDecorator {
  return (prototype, property) => {
    const variables = declared.get(prototype) ?? [];
    declared.set(prototype, variables);
    variables.push({ name, property: String(property), kind, ...settings });
  };
}

/** The variables of a configuration class, in the order in which they are declared. */
export function variablesOf(configuration: { prototype: object }): readonly Variable[] {
  return declared.get(configuration.prototype) ?? [];
}

/** A variable that keeps the process from starting. Never holds the value. */
export interface Fault {
  readonly variable: string;
  readonly problem: string;
}

/**
 * Reads every declared variable. An empty text counts as not set.
 * Collects all faults instead of stopping at the first.
 */
export function readVariables(
  variables: readonly Variable[],
  env: Environment,
  mode: Mode,
): { values: Record<string, unknown>; faults: Fault[] } {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const { name, property, kind, requiredInProduction, ...settings } of variables) {
    const text = kind.isExact ? env[name] : env[name]?.trim();
    if (!text?.trim()) {
      values[property] =
        mode === 'production' ? (settings.productionDefault ?? settings.default) : settings.default;
      if (requiredInProduction && mode === 'production') {
        faults.push({ variable: name, problem: 'is required in production' });
      }
      continue;
    }
    try {
      values[property] = kind.parse(text, mode);
    } catch (error) {
      faults.push({ variable: name, problem: error instanceof Error ? error.message : 'cannot be read' });
    }
  }
  return { values, faults };
}
