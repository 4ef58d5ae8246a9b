import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, ConfigError, type ParsedConfig } from './config.js';

interface KeptSecrets {
  readonly jwtSecret: string;
  /** base64, 32 bytes */
  readonly encryptionKey: string;
}

function read(file: string): KeptSecrets | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<KeptSecrets>;
    if (typeof kept.jwtSecret === 'string' && typeof kept.encryptionKey === 'string') {
      return kept as KeptSecrets;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  }
  throw new ConfigError([{ variable: 'DATA_DIR', problem: 'holds a secrets.json that cannot be read' }]);
}

function make(folder: string, file: string): KeptSecrets {
  const made: KeptSecrets = {
    jwtSecret: randomBytes(48).toString('base64'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Written aside and renamed: a crash leaves the old file or the new one, never half of one.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return made;
}

/**
 * Adds the secrets that development and test need not set: made once and kept in DATA_DIR
 * (`secrets.json`, mode 0600), so that tokens stay valid over restarts. Production brings its own.
 */
export function completeSecrets(parsed: ParsedConfig): Config {
  const { jwtSecret, encryptionKeys, dataDir } = parsed;
  if (jwtSecret !== undefined && encryptionKeys !== undefined) {
    return new Config({ ...parsed, jwtSecret, encryptionKeys });
  }
  const file = join(dataDir, 'secrets.json');
  const kept = read(file) ?? make(dataDir, file);
  return new Config({
    ...parsed,
    jwtSecret: jwtSecret ?? kept.jwtSecret,
    encryptionKeys: encryptionKeys ?? [{ id: 'k1', key: Buffer.from(kept.encryptionKey, 'base64') }],
  });
}
