import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { encryptionKeys } from './encryption-keys.js';

const key = randomBytes(32).toString('base64');
const otherKey = randomBytes(32).toString('base64');

const notKeys = [
  key.slice(1),
  randomBytes(33).toString('base64'),
  Buffer.alloc(32, 7).toString('base64'),
  `a:${key},a:${otherKey}`,
  `${key},${otherKey}`,
  `a:${key},`,
  `a b:${key}`,
];

describe('ENCRYPTION_KEY', () => {
  const parse = (text: string) => encryptionKeys().parse(text, 'production');

  it('takes one key, or several with their ids', () => {
    const [first, second] = [key, otherKey].map((text) => Buffer.from(text, 'base64'));
    expect(parse(key)).toEqual([{ id: 'k1', key: first }]);
    expect(parse(`new:${key}, old:${otherKey}`)).toEqual([
      { id: 'new', key: first },
      { id: 'old', key: second },
    ]);
  });

  it.each(notKeys)('refuses %j and does not repeat it', (text) => {
    expect(() => parse(text)).toThrow(
      /^must be 32 random bytes as base64, or several as kid:base64,kid2:base64$/,
    );
  });
});
