import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import bcrypt from 'bcrypt';
import { parseConfig } from '../../platform/config/config.js';
import { UsersConfig } from './users.config.js';
import { ApiError } from '../../platform/errors/errors.js';
import { PasswordHasher, TRUSTED } from './password-hasher.js';
import { atMost } from '../../../test/support/soak.js';

const hasherOf = (bcryptRounds: number) => {
  const hasher = new PasswordHasher(parseConfig({}).with(UsersConfig, { bcryptRounds }).of(UsersConfig));
  return {
    hash: (password: string) => hasher.hash(password, TRUSTED),
    match: (password: string, hash: string | undefined) => hasher.match(password, hash, TRUSTED),
  };
};
type Hasher = ReturnType<typeof hasherOf>;
const PASSWORD = 'correct horse battery';

describe('hashing passwords', () => {
  let hasher: Hasher;
  beforeEach(() => {
    hasher = hasherOf(4);
  });

  it('takes the cost that is configured', async () => {
    expect(await hasherOf(5).hash(PASSWORD)).toMatch(/^\$2b\$05\$.{53}$/);
  });

  it('salts: the same password has two hashes, and matches both', async () => {
    const hashes = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(await hasher.match(PASSWORD, hash)).toBe('current');
  });

  it('matches no other password', async () => {
    const hash = await hasher.hash(PASSWORD);
    for (const other of ['', PASSWORD.toUpperCase(), `${PASSWORD} `]) {
      expect(await hasher.match(other, hash)).toBeUndefined();
    }
  });

  it('matches nothing without a hash', async () => {
    expect(await hasher.match(PASSWORD, undefined)).toBeUndefined();
    expect(await hasher.match('', undefined)).toBeUndefined();
  });

  it.each([
    ['another keyboard', 'cafe\u0301 au lait', 'café au lait'],
    ['full width', 'ｆｕｌｌ ｗｉｄｔｈ', 'full width'],
    ['a ligature', 'ﬁne ﬂowers', 'fine flowers'],
  ])('takes the same characters, however they are written: %s', async (_, one, other) => {
    expect(await hasher.match(one, await hasher.hash(other))).toBe('current');
    expect(await hasher.match(other, await hasher.hash(one))).toBe('current');
  });

  it('still takes a password whose hash is older, as it was typed then', async () => {
    const raw = 'cafe\u0301 au lait';
    const hash = await bcrypt.hash(raw, 4);
    expect(await hasher.match(raw, hash)).toBe('outdated');
    expect(await hasher.match(`${raw}!`, hash)).toBeUndefined();
  });

  it('tells which hash is to be made anew', async () => {
    for (const cost of [4, 6]) {
      expect(await hasherOf(5).match(PASSWORD, await bcrypt.hash(PASSWORD, cost))).toBe('outdated');
    }
  });

  describe('does the same work for a wrong password', () => {
    /** The rounds of all hashes that are compared with, in powers of two. */
    async function workOf(one: Hasher, password: string, hash: string | undefined) {
      const compare = jest.spyOn(bcrypt, 'compare');
      await one.match(password, hash);
      const work = compare.mock.calls.map(([, against]) => 2 ** bcrypt.getRounds(against));
      compare.mockRestore();
      return work.reduce((sum, each) => sum + each, 0);
    }

    it.each([
      ['raised', 7],
      ['left', 6],
      ['lowered', 4],
    ])('after the cost was %s: with hashes of costs 4 to 6, and without one', async (_, rounds) => {
      const mixed = hasherOf(rounds);
      const hashes = await Promise.all([4, 5, 6].map((cost) => bcrypt.hash(PASSWORD, cost)));
      // Where the cost was lowered, the first hash that costs more shows it.
      for (const hash of hashes) await mixed.match('wrong', hash);
      for (const hash of [...hashes, undefined]) {
        expect(await workOf(mixed, 'wrong password', hash)).toBe(2 ** Math.max(rounds, 6));
        expect(await workOf(mixed, 'wrong pa\u0308ssword', hash)).toBe(2 * 2 ** Math.max(rounds, 6));
      }
    });
  });

  it('serves as many as wait in line, and refuses the others at once', async () => {
    const asked = Array.from({ length: 200 }, () => hasher.hash(PASSWORD));
    const results = await Promise.allSettled(asked);
    const served = results.filter(({ status }) => status === 'fulfilled');
    const refused = results.filter((result) => result.status === 'rejected');
    expect(served.length).toBeGreaterThan(0);
    expect(served.length).toBeLessThanOrEqual(64 + 3);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(ApiError);
      expect(reason).toMatchObject({ code: 'OVERLOADED', status: 503, headers: { 'retry-after': '1' } });
    }
  });

  it('lets nobody wait longer than a second and a half', async () => {
    const slow = hasherOf(14);
    const started = performance.now();
    const waits = Array.from({ length: 12 }, async () => {
      const result = await slow.hash(PASSWORD).catch((error: unknown) => error);
      return { result, after: performance.now() - started };
    });
    const ends = await Promise.all(waits);
    const refused = ends.filter(({ result }) => result instanceof ApiError);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(12);
    for (const { after } of refused) expect(after).toBeLessThan(atMost(2_500));
  });

  it('has free places again when the flood is over', async () => {
    await Promise.allSettled(Array.from({ length: 200 }, () => hasher.hash(PASSWORD)));
    const next = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.hash(PASSWORD)));
    expect(next.every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('gives a place back when hashing fails', async () => {
    const broken = Array.from({ length: 10 }, () => hasher.match(PASSWORD, null as never as string));
    await Promise.allSettled(broken);
    expect(await hasher.hash(PASSWORD)).toMatch(/^\$2b\$/);
  });
});
