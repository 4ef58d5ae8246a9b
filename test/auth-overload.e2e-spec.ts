import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Credentials, LOGIN, newCredentials, register } from './support/users.js';
import { atMost } from './support/soak.js';

describe('a flood of sign-ins', () => {
  let test: TestApp;
  let known: Credentials;

  beforeAll(async () => {
    test = await createTestApp({ BCRYPT_ROUNDS: '10' });
    known = await register(test.anonymous);
  });
  afterAll(() => test.close());

  it('is answered or refused, and leaves the server responsive', async () => {
    const { email, password } = known;
    const bodies = Array.from({ length: 120 }, (_, index) => {
      const wrong = index % 3 === 1 ? 'wrong password' : password;
      return { email: index % 3 === 2 ? newCredentials().email : email, password: wrong };
    });
    const started = performance.now();
    let isOver = false;
    const flood = Promise.all(bodies.map((body) => test.anonymous.post(LOGIN, body))).finally(
      () => (isOver = true),
    );
    expect((await test.anonymous.get('/health/live')).status).toBe(200);
    expect(isOver).toBe(false);
    const answers = await flood;
    expect(performance.now() - started).toBeLessThan(atMost(4_000));

    answers.forEach(({ outcome, headers }, index) => {
      const right = index % 3 === 0 ? '200' : '401 INVALID_CREDENTIALS';
      // A busy machine may notice only at the deadline that it cannot answer in time.
      expect([right, '429 RATE_LIMITED', '503 OVERLOADED', '503 DEADLINE_EXCEEDED']).toContain(outcome);
      if (outcome.startsWith('503')) expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    });
    const outcomes = answers.map(({ outcome }) => outcome);
    expect(outcomes).toContain('503 OVERLOADED');
    // Which of them get their turn is for their accounts' use to say: those of the flooded one come last.
    expect(outcomes.some((outcome) => outcome === '200' || outcome === '401 INVALID_CREDENTIALS')).toBe(true);
  });

  it('writes nothing for those that get no turn, and counts as no load while they wait', async () => {
    const counters = test.connection.collection('counters');
    const before = await counters.countDocuments();
    const { underWay } = test.app.getHttpAdapter().getInstance();
    // From addresses of their own: those of one would be delayed after some guesses, however fast the machine is.
    const guesses = Array.from({ length: 200 }, (_, n) => () => {
      const guess = { email: newCredentials().email, password: 'a guess' };
      return test.anonymous.from(`198.51.100.${n}`).post(LOGIN, guess);
    });
    let waiting = 0;
    const look = setInterval(() => (waiting = Math.max(waiting, underWay.count - underWay.busy)), 5);
    const answers = await Promise.all(guesses.map((guess) => guess()));
    clearInterval(look);
    const outcomes = answers.map(({ outcome }) => outcome);
    const unseen = outcomes.filter((outcome) => outcome === '503 OVERLOADED').length;
    expect(unseen).toBeGreaterThan(0);
    // One for each account that was tried, and one for its address.
    expect((await counters.countDocuments()) - before).toBeLessThanOrEqual(2 * (outcomes.length - unseen));
    expect(waiting).toBeGreaterThan(20);
  });

  it('is over when it is over', async () => {
    const { email, password } = known;
    expect((await test.anonymous.post(LOGIN, { email, password })).status).toBe(200);
  });
});
