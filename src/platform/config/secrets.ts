import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, ConfigError } from './config.js';
import { type ConfigClass, type Variable, variablesOf } from './env.js';
import { ProcessConfig } from './process.config.js';

/** Base64 values by the names that they are kept under. */
type KeptSecrets = Readonly<Record<string, string>>;

interface Missing {
  readonly type: ConfigClass;
  readonly variable: Variable & Required<Pick<Variable, 'kept'>>;
}

/** The secrets that are unset and may be generated. */
function missingIn({ parts }: Config): Missing[] {
  return [...parts].flatMap(([type, part]) =>
    variablesOf(type).flatMap(({ kept, ...variable }) => {
      const isMissing = kept && (part as Record<string, unknown>)[variable.property] === undefined;
      return isMissing ? [{ type, variable: { ...variable, kept } }] : [];
    }),
  );
}

function read(file: string): KeptSecrets {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof kept === 'object' && kept !== null) return kept as KeptSecrets;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
  }
  throw unreadable();
}

function unreadable(): ConfigError {
  return new ConfigError([{ variable: 'DATA_DIR', problem: 'holds a secrets.json that cannot be read' }]);
}

function write(folder: string, file: string, secrets: KeptSecrets): void {
  // Written to a temporary file and renamed, so that a crash leaves either the old file or the new one.
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    throw new ConfigError([{ variable: 'DATA_DIR', problem: 'must be a folder that can be written to' }]);
  }
}

/**
 * Adds the secrets that development and test need not set: generated once and kept in DATA_DIR (`secrets.json`, mode
 * 0600), so that tokens stay valid across restarts. Production must set its own.
 * @throws ConfigError if they cannot be read or stored
 */
export function completeSecrets(config: Config): Config {
  const missing = missingIn(config);
  if (missing.length === 0) return config;
  const { dataDir, mode } = config.of(ProcessConfig);
  const file = join(dataDir, 'secrets.json');
  const kept = read(file);
  const made = missing
    .filter(({ variable }) => kept[variable.kept.as] === undefined)
    .map(
      ({
        variable: {
          kept: { as, bytes },
        },
      }) => [as, randomBytes(bytes).toString('base64')] as const,
    );
  const all = { ...kept, ...Object.fromEntries(made) };
  if (made.length > 0) write(dataDir, file, all);
  return missing.reduce(
    (
      completed,
      {
        type,
        variable: {
          property,
          kind,
          kept: { as },
        },
      },
    ) => {
      try {
        return completed.with(type, { [property]: kind.parse(String(all[as]), mode) });
      } catch {
        throw unreadable();
      }
    },
    config,
  );
}
