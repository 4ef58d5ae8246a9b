import { beforeEach, describe, expect, it } from '@jest/globals';
import { Config } from '../../platform/config/config.js';
import { ApiError } from '../../platform/errors/errors.js';
import { PasswordHasher } from './password-hasher.js';

const hasherOf = (bcryptRounds: number) => new PasswordHasher(new Config({ bcryptRounds }));
const PASSWORD = 'correct horse battery';

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

describe('hashing passwords', () => {
  let hasher: PasswordHasher;
  beforeEach(() => {
    hasher = hasherOf(4);
  });

  it('takes the cost that is configured', async () => {
    expect(await hasherOf(5).hash(PASSWORD)).toMatch(/^\$2b\$05\$.{53}$/);
  });

  it('salts: the same password has two hashes, and matches both', async () => {
    const hashes = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(await hasher.matches(PASSWORD, hash)).toBe(true);
  });

  it('matches no other password', async () => {
    const hash = await hasher.hash(PASSWORD);
    for (const other of ['', PASSWORD.toUpperCase(), `${PASSWORD} `]) {
      expect(await hasher.matches(other, hash)).toBe(false);
    }
  });

  it('matches nothing without a hash', async () => {
    expect(await hasher.matches(PASSWORD, undefined)).toBe(false);
    expect(await hasher.matches('', undefined)).toBe(false);
  });

  it('takes as long for an account that does not exist', async () => {
    const slow = hasherOf(10);
    const hash = await slow.hash(PASSWORD);
    await slow.matches(PASSWORD, undefined);
    const known = await timed(() => slow.matches(PASSWORD, hash));
    const unknown = await timed(() => slow.matches(PASSWORD, undefined));
    expect(unknown).toBeGreaterThan(known / 3);
    expect(unknown).toBeLessThan(known * 3);
  });

  it('serves as many as wait in line, and refuses the others at once', async () => {
    const asked = Array.from({ length: 200 }, () => hasher.hash(PASSWORD));
    const results = await Promise.allSettled(asked);
    const served = results.filter(({ status }) => status === 'fulfilled');
    const refused = results.filter((result) => result.status === 'rejected');
    expect(served.length).toBeGreaterThanOrEqual(64);
    expect(served.length).toBeLessThanOrEqual(64 + 3);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(ApiError);
      expect(reason).toMatchObject({ code: 'OVERLOADED', status: 503, headers: { 'retry-after': '1' } });
    }
    // First come, first served.
    expect(results.findIndex(({ status }) => status === 'rejected')).toBe(served.length);
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
    for (const { after } of refused) expect(after).toBeLessThan(2_500);
  });

  it('has free places again when the flood is over', async () => {
    await Promise.allSettled(Array.from({ length: 200 }, () => hasher.hash(PASSWORD)));
    const next = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.hash(PASSWORD)));
    expect(next.every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('gives a place back when hashing fails', async () => {
    const broken = Array.from({ length: 10 }, () => hasher.matches(PASSWORD, null as never as string));
    await Promise.allSettled(broken);
    expect(await hasher.hash(PASSWORD)).toMatch(/^\$2b\$/);
  });
});
