import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { PinoLogger } from 'nestjs-pino';
import { parseConfig } from '../config/config.js';
import { EncryptionConfig } from './encryption.config.js';
import { FieldCipher } from './field-cipher.js';

it('gives back a text of many megabytes as a short one', () => {
  const config = parseConfig({
    NODE_ENV: 'test',
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  const cipher = new FieldCipher(config.of(EncryptionConfig), {} as PinoLogger);
  const place = { collection: 'executions', field: 'sealed', recordId: '66f1a0c2e4b0a1b2c3d4e5f6' };
  for (const text of ['', 'a', 'é'.repeat(6_000_000)]) {
    expect(cipher.decrypt(cipher.encrypt(text, place), place) === text).toBe(true);
  }
});
