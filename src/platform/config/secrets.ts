import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, ConfigError, type ParsedConfig } from './config.js';

interface KeptSecrets {
  readonly jwtSecret: string;
  /** base64, 32 bytes */
  readonly encryptionKey: string;
}

function isWhole({ jwtSecret, encryptionKey }: Partial<KeptSecrets>): boolean {
  const key = typeof encryptionKey === 'string' ? Buffer.from(encryptionKey, 'base64') : [];
  return typeof jwtSecret === 'string' && Buffer.byteLength(jwtSecret) >= 32 && key.length === 32;
}

function read(file: string): KeptSecrets | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<KeptSecrets> | null;
    if (isWhole(kept ?? {})) return kept as KeptSecrets;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  }
  throw new ConfigError([{ variable: 'DATA_DIR', problem: 'holds a secrets.json that cannot be read' }]);
}

function write(folder: string, file: string, secrets: KeptSecrets): void {
  // Written aside and renamed: a crash leaves the old file or the new one, never half of one.
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    throw new ConfigError([{ variable: 'DATA_DIR', problem: 'must be a folder that can be written to' }]);
  }
}

function make(folder: string, file: string): KeptSecrets {
  const made: KeptSecrets = {
    jwtSecret: randomBytes(48).toString('base64'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  write(folder, file, made);
  return made;
}

/**
 * Adds the secrets that development and test need not set: made once and kept in DATA_DIR
 * (`secrets.json`, mode 0600), so that tokens stay valid over restarts. Production brings its own.
 * @throws ConfigError when they can be neither read nor kept
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
