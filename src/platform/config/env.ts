/** The environment that a configuration is read from: texts by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const MODES = ['development', 'production', 'test'] as const;
export type Mode = (typeof MODES)[number];

/** Parses a variable. Throws an `Error` that says what is expected, never what was given. */
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
  /** Another variable that must be set with this one. */
  readonly requires?: string;
  /** The same in production. */
  readonly requiresInProduction?: string;
  /** If unset outside production, it is generated from this many random bytes, as base64, and kept in DATA_DIR. */
  readonly kept?: { readonly as: string; readonly bytes: number };
  /**
   * If the name contains `<NAME>`: there is one variable for each entry of the list in this variable, and the property
   * holds their values by entry.
   */
  readonly eachOf?: string;
  /** Checked at start, but no part of this version uses it yet. */
  readonly reserved?: boolean;
}

/** One environment variable of the configuration class. */
export interface Variable extends Settings<unknown> {
  readonly name: string;
  readonly property: string;
  readonly kind: Kind<unknown>;
}

/** A class with the variables of one concern, in `<name>.config.ts` next to the code that uses them. */
export interface ConfigClass<T extends object = object> {
  new (): T;
  /** Faults between values that are each valid on their own. */
  readonly faultsOf?: (values: never) => readonly Fault[];
  /** Variables with this prefix belong to the class; an unknown one is a fault. */
  readonly prefix?: string;
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

const PLACE = '<NAME>';

/** Whether a variable that is declared as `pattern` can be called `name`: `OAUTH_<NAME>_ISSUER` as `OAUTH_ACME_ISSUER`. */
export function isNamed(pattern: string, name: string): boolean {
  const [start = '', end] = pattern.split(PLACE);
  if (end === undefined) return pattern === name;
  return name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length;
}

/** A variable that prevents startup. Never contains the value. */
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
  for (const variable of variables) {
    if (variable.eachOf !== undefined) {
      const each = readEach(variable, variable.eachOf, env, mode);
      values[variable.property] = each.values;
      faults.push(...each.faults);
      continue;
    }
    const { name, property, kind, requiredInProduction, ...settings } = variable;
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

/** Reads what a variable whose name holds `<NAME>` stands for, by the entries of the list. */
function readEach(
  variable: Variable,
  list: string,
  env: Environment,
  mode: Mode,
): ReturnType<typeof readVariables> {
  const entries = (env[list] ?? '').split(',').map((entry) => entry.trim());
  const named = entries.filter(Boolean).map((entry) => ({
    kind: variable.kind,
    name: variable.name.replace(PLACE, entry.toUpperCase().replaceAll('-', '_')),
    property: entry,
  }));
  const { values, faults } = readVariables(named, env, mode);
  const unknownNames = Object.keys(env).filter(
    (name) => env[name]?.trim() && isNamed(variable.name, name) && !named.some((each) => each.name === name),
  );
  const problem = `is set, but ${list} does not name it`;
  return { values, faults: [...faults, ...unknownNames.map((name) => ({ variable: name, problem }))] };
}
