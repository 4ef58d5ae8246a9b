import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PasswordHasher } from '../src/modules/users/password-hasher.js';
import { claimOf } from '../src/modules/users/user-passwords.js';
import { Quotas } from '../src/platform/limits/quotas.js';
import { UserErrors } from '../src/modules/users/user.errors.js';
import { apiError } from '../src/platform/errors/errors.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD } from './support/test-client.js';
import { newCredentials, REGISTER } from './support/users.js';

const QUOTA = { limit: 10, seconds: 3600 };

describe('a quota', () => {
  let test: TestApp;
  let quotas: Quotas;
  const spend = (subject: string, work: () => Promise<unknown> = () => Promise.resolve()) =>
    quotas.spend('trials', subject, QUOTA, async (take) => {
      await take();
      return work();
    });
  const codeOf = async (result: Promise<unknown>) => {
    const [{ reason }] = (await Promise.allSettled([result])) as [PromiseRejectedResult];
    return (reason as { code?: string } | undefined)?.code;
  };
  const left = async (subject: string) => {
    for (let n = 0; ; n++) if ((await codeOf(spend(subject))) === 'RATE_LIMITED') return n;
  };

  beforeAll(async () => {
    test = await createTestApp({ BCRYPT_ROUNDS: '10' });
    quotas = test.app.get(Quotas, { strict: false });
  });
  afterAll(() => test.close());

  it('lets exactly as many have it as it says, also at the same time', async () => {
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(spend('fifty'))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(QUOTA.limit);
    expect(new Set(codes)).toEqual(new Set([undefined, 'RATE_LIMITED']));
  });

  it.each([
    ['the database is away', () => apiError('DATABASE_UNAVAILABLE'), QUOTA.limit],
    ['the server is overloaded', () => apiError('OVERLOADED'), QUOTA.limit],
    ['it takes too long', () => apiError('DEADLINE_EXCEEDED'), QUOTA.limit],
    ['the product has a fault', () => new TypeError('x is not a function'), QUOTA.limit],
    ['the address is taken', () => apiError(UserErrors.EMAIL_TAKEN), QUOTA.limit - 3],
    ['the input is wrong', () => apiError('VALIDATION_ERROR'), QUOTA.limit - 3],
  ])('where %s', async (why, error, rest) => {
    for (let times = 0; times < 3; times++) {
      await expect(spend(why, () => Promise.reject(error()))).rejects.toThrow(error().message);
    }
    expect(await left(why)).toBe(rest);
  });

  it('gives nothing back to whom it has refused', async () => {
    expect(await left('refused')).toBe(QUOTA.limit);
    expect(await codeOf(spend('refused', () => Promise.reject(apiError('OVERLOADED'))))).toBe('RATE_LIMITED');
    expect(await left('refused')).toBe(0);
  });

  it('is given back to by those who had it, while others are refused', async () => {
    const everybodyAsked = Promise.withResolvers<undefined>();
    let [had, refused, failed] = [0, 0, 0];
    const work = async () => {
      const isLucky = ++had % 2 === 0;
      await everybodyAsked.promise;
      if (isLucky) return;
      failed++;
      throw apiError('OVERLOADED');
    };
    const ask = async () => {
      if ((await codeOf(spend('some fail', work))) === 'RATE_LIMITED') refused++;
      if (refused === 40) everybodyAsked.resolve(undefined);
    };
    await Promise.all(Array.from({ length: 50 }, ask));
    expect([had, await left('some fail')]).toEqual([QUOTA.limit, failed]);
  });

  it('gets nothing back of the hour before', async () => {
    const failing = spend('late', async () => {
      const over = { $set: { expiresAt: new Date(0) } };
      await test.connection.collection('counters').updateMany({}, over);
      expect(await left('late')).toBe(QUOTA.limit);
      throw apiError('OVERLOADED');
    });
    expect(await codeOf(failing)).toBe('OVERLOADED');
    expect(await left('late')).toBe(0);
  });

  it('of registrations is not used up by weak passwords', async () => {
    const client = test.anonymous.from('198.51.100.9');
    const register = (password: string) => client.post(REGISTER, { ...newCredentials(), password });
    for (let times = 0; times < 11; times++) {
      expect((await register('password123')).outcome).toBe('400 WEAK_PASSWORD');
    }
    for (let times = 0; times < 10; times++) expect((await register(PASSWORD)).status).toBe(201);
    expect((await register(PASSWORD)).outcome).toBe('429 RATE_LIMITED');
  });

  it('of registrations does not lock out whoever develops on this machine', async () => {
    const development = await createTestApp({ NODE_ENV: 'development', BCRYPT_ROUNDS: '10' });
    for (let times = 0; times < 11; times++) {
      expect((await development.anonymous.post(REGISTER, newCredentials())).outcome).toBe('201');
    }
    await development.close();
  });

  it('of registrations is not used up by those that a busy server refuses', async () => {
    const client = test.anonymous.from('198.51.100.7');
    const register = () => client.post(REGISTER, newCredentials());
    const hasher = test.app.get(PasswordHasher, { strict: false });
    // Of who is signed in, and goes before who registers: as long as that is refused, however fast the machine is.
    const claim = claimOf('198.51.100.8', 'somebody@example.com', true);
    const end = new AbortController();
    const hashes = async () => {
      while (!end.signal.aborted) await hasher.hash('correct horse battery', claim).catch(() => sleep(10));
    };
    const flood = Promise.all(Array.from({ length: 80 }, hashes));
    for (let times = 0; times < 11; times++) expect((await register()).outcome).toBe('503 OVERLOADED');
    end.abort();
    await flood;
    for (let times = 0; times < 10; times++) expect((await register()).status).toBe(201);
    expect((await register()).outcome).toBe('429 RATE_LIMITED');
  });
});
