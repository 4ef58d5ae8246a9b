import { CONFIG_CLASSES } from './config-classes.js';
import {
  type ConfigClass,
  type Environment,
  type Fault,
  MODES,
  type Mode,
  readVariables,
  variablesOf,
} from './env.js';
import { StartError } from '../errors/start-error.js';

/**
 * The configuration, read once at startup: an instance of each class in a `*.config.ts`, which Nest injects by its
 * class. The comment of a variable is its documentation: docs/configuration.md is made from it.
 */
export class Config {
  /** @param parts by their classes; frozen */
  constructor(readonly parts: ReadonlyMap<ConfigClass, object>) {}

  /** The configuration of one concern. */
  of<T extends object>(type: ConfigClass<T>): T {
    const part = this.parts.get(type);
    if (!part) throw new Error(`${type.name} stands in no *.config.ts`);
    return part as T;
  }

  /** The same with other values of one concern. */
  with<T extends object>(type: ConfigClass<T>, values: Partial<T>): Config {
    const part = Object.freeze(Object.assign(new type(), this.of(type), values));
    return new Config(new Map(this.parts).set(type, part));
  }
}

/** Startup is refused. `faults` names every variable at fault and contains no values. */
export class ConfigError extends StartError {
  /** EX_CONFIG of sysexits.h: the configuration is at fault, so a restart will not help. */
  override readonly exitCode = 78;

  constructor(
    readonly faults: readonly Fault[],
    options?: ErrorOptions,
  ) {
    super(
      ['The configuration is not valid:', ...faults.map((f) => `  ${f.variable} ${f.problem}`)].join('\n'),
      options,
    );
  }
}

/** Missing variables that variables which are set require. */
function* absentFaults(env: Environment, mode: Mode): Generator<Fault> {
  const isSet = (name: string) => Boolean(env[name]?.trim());
  for (const { name, requires, requiresInProduction, ...settings } of CONFIG_CLASSES.flatMap(variablesOf)) {
    // Set to its default, it changes nothing, so it requires nothing.
    if (!isSet(name) || env[name]?.trim() === String(settings.default)) continue;
    if (requires && !isSet(requires)) yield { variable: requires, problem: `is required with ${name}` };
    if (mode === 'production' && requiresInProduction && !isSet(requiresInProduction)) {
      yield { variable: requiresInProduction, problem: `is required with ${name} in production` };
    }
  }
}

/** Variables with the prefix of a class that none of its properties reads. */
function* strangerFaults(env: Environment, type: ConfigClass): Generator<Fault> {
  const { prefix } = type;
  if (prefix === undefined) return;
  const known = new Set(variablesOf(type).map(({ name }) => name));
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(prefix) && value?.trim() && !known.has(name)) {
      yield { variable: name, problem: `is not among ${[...known].join(', ')}` };
    }
  }
}

/**
 * Reads the configuration from an environment. Secrets may still be absent outside production: see `completeSecrets`.
 * @throws ConfigError with every fault at once
 */
export function parseConfig(env: Environment): Config {
  const mode = MODES.find((known) => known === env['NODE_ENV']?.trim()) ?? 'development';
  const read = CONFIG_CLASSES.map((type) => {
    const { values, faults } = readVariables(variablesOf(type), env, mode);
    const part = Object.freeze(Object.assign(new type(), values));
    return {
      type,
      part,
      faults: [...faults, ...(type.faultsOf?.(part as never) ?? []), ...strangerFaults(env, type)],
    };
  });
  const faults = [...read.flatMap((each) => each.faults), ...absentFaults(env, mode)];
  if (faults.length > 0) throw new ConfigError(faults);
  return new Config(new Map(read.map(({ type, part }) => [type, part])));
}
