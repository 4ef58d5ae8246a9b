import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { EncryptionConfig } from '../encryption/encryption.config.js';
import { ConfigError, parseConfig } from './config.js';
import type { Environment } from './env.js';
import { completeSecrets } from './secrets.js';

let folder: string;
let dataDir: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'product-secrets-'));
  dataDir = join(folder, 'not/yet/there');
  file = join(dataDir, 'secrets.json');
});
afterEach(() => rm(folder, { recursive: true }));

/** All values together. */
function complete(env: Environment = {}): CryptoConfig & EncryptionConfig {
  const config = completeSecrets(parseConfig({ DATA_DIR: dataDir, ...env }));
  return { ...config.of(CryptoConfig), ...config.of(EncryptionConfig) };
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof ConfigError ? error.message : `not a ConfigError: ${String(error)}`;
  }
  return 'nothing was thrown';
}

describe('the secrets of a machine for development', () => {
  it('are made at the first start and the same at the next', () => {
    const first = complete();
    expect(Buffer.from(first.jwtSecret, 'base64')).toHaveLength(48);
    expect(first.encryptionKeys).toEqual([{ id: 'k1', key: expect.any(Buffer) }]);
    expect(first.encryptionKeys[0]?.key).toHaveLength(32);
    expect(complete()).toEqual(first);
  });

  it('are different on each machine', () => {
    const first = complete();
    const second = complete({ DATA_DIR: join(folder, 'other') });
    expect(second.jwtSecret).not.toBe(first.jwtSecret);
    expect(second.encryptionKeys).not.toEqual(first.encryptionKeys);
  });

  it('are kept where only their owner can read them', async () => {
    complete();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('would be accepted if they were set by hand', () => {
    const { jwtSecret, encryptionKeys } = complete();
    const env = { JWT_SECRET: jwtSecret, ENCRYPTION_KEY: encryptionKeys[0]?.key.toString('base64') };
    expect(complete(env)).toEqual(complete());
  });

  it('give way to one that is set, and complete the other', () => {
    const jwtSecret = randomBytes(48).toString('base64');
    const kept = complete();
    const config = complete({ JWT_SECRET: jwtSecret });
    expect(config.jwtSecret).toBe(jwtSecret);
    expect(config.encryptionKeys).toEqual(kept.encryptionKeys);
  });

  it('are not made when both are set', () => {
    complete({
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    });
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each([
    ['is empty', ''],
    ['is half written', '{"jwtSecret": "Vq7mK2xT9bL4wZ'],
    ['is null', 'null'],
    [
      'holds a short one',
      JSON.stringify({ jwtSecret: 'x', encryptionKey: randomBytes(32).toString('base64') }),
    ],
    [
      'holds a short key',
      JSON.stringify({ jwtSecret: 'Vq7mK2xT9bL4wZ8pH3rN6sD1fG5jC0yA', encryptionKey: 'AA' }),
    ],
  ])('stop the start when their file %s, and the file stays as it is', async (_, content) => {
    complete();
    await writeFile(file, content);
    expect(messageOf(complete)).toBe(
      'The configuration is not valid:\n  DATA_DIR holds a secrets.json that cannot be read',
    );
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('are added to those of a product that needs more of them than before', async () => {
    const jwtSecret = randomBytes(48).toString('base64');
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, JSON.stringify({ jwtSecret, anotherPart: 'x' }));
    const first = complete();
    expect(first.jwtSecret).toBe(jwtSecret);
    expect(complete()).toEqual(first);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ jwtSecret, anotherPart: 'x' });
  });

  it('stop the start when there is no place for them', async () => {
    const refusal = 'The configuration is not valid:\n  DATA_DIR must be a folder that can be written to';
    await writeFile(join(folder, 'a-file'), '');
    expect(messageOf(() => complete({ DATA_DIR: join(folder, 'a-file') }))).toBe(refusal);
    expect(messageOf(() => complete({ DATA_DIR: join(folder, 'a-file/below') }))).toBe(refusal);
  });
});
