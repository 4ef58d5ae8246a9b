import { type Config, ConfigError, parseConfig } from './config.js';
import { CONFIG_CLASSES } from './config-classes.js';
import { type EnvFile, readEnvFile } from './env-file.js';
import { type Fault, variablesOf } from './env.js';
import { completeSecrets } from './secrets.js';

/** The environment of this process, for parsing and for child processes. Not read anywhere else. */
export const environment = process.env;

const FILE = '.env';

/** An empty variable counts as unset, so it does not hide the file's. */
function add({ values }: EnvFile): void {
  for (const [name, value] of values) if (!environment[name]?.trim()) environment[name] = value;
}

function faultsOf(parse: () => Config): readonly Fault[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/**
 * The configuration of this process: its environment, completed by a `.env` file in the working directory.
 * @throws ConfigError with every fault at once
 */
export function loadConfig(): Config {
  const file = readEnvFile(
    FILE,
    CONFIG_CLASSES.flatMap(variablesOf).map(({ name }) => name),
  );
  add(file);
  if (file.faults.length > 0) {
    // A variable whose line is refused would also be reported as missing.
    const reported = new Set(file.faults.map(({ variable }) => variable));
    const others = reported.has(FILE) ? [] : faultsOf(() => parseConfig(environment));
    throw new ConfigError([...file.faults, ...others.filter(({ variable }) => !reported.has(variable))]);
  }
  if (file.foreign.length > 0) {
    process.stderr.write(
      `${FILE} also sets what is no variable of the product: ${file.foreign.join(', ')}\n`,
    );
  }
  return completeSecrets(parseConfig(environment));
}
