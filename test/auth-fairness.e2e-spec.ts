import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { STEP_UP } from './support/second-factor.js';
import { IS_SOAK, report, sampled, soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Answer, PASSWORD, type TestClient, untilTaken } from './support/test-client.js';
import { type Credentials, LOGIN, newCredentials, register } from './support/users.js';

jest.setTimeout(120_000);

/** How often the owner signs in beside the guessing. */
const TIMES = soaked(16, 4);
const GUESSERS = 20;
/** Guesses of each that are under way at a time. */
const AT_ONCE = soaked(3);
/** What a machine has no time for at all says nothing of whose turn it was; OVERLOADED does. */
const isBusy = ({ outcome }: Answer) => /^503 (DATABASE_UNAVAILABLE|DEADLINE_EXCEEDED)$/.test(outcome);
/** How long a refused one waits. */
const PAUSE_MS = 100;

describe('who signs in while strangers guess as fast as they may', () => {
  let test: TestApp;
  let owner: Credentials;

  beforeAll(async () => {
    test = await createTestApp({ BCRYPT_ROUNDS: IS_SOAK ? '12' : '10' });
  });
  beforeEach(async () => {
    owner = await register(test.anonymous);
  });
  afterAll(() => test.close());

  const home = () => test.anonymous.from('192.0.2.1');
  /** Somebody who sends passwords until it is told to stop. */
  class Hasty {
    /** Passwords that were found right or wrong; the others were refused unseen. */
    judged = 0;
    answered = 0;
    private isOver = false;
    private readonly lines: Promise<void>[];
    private asked = 0;

    constructor(
      private readonly ask: (n: number) => Promise<Answer>,
      atOnce = AT_ONCE,
    ) {
      this.lines = Array.from({ length: atOnce }, () => this.go());
    }

    stop(): Promise<unknown> {
      this.isOver = true;
      return Promise.all(this.lines);
    }

    private async go(): Promise<void> {
      while (!this.isOver) {
        const { status } = await this.ask(this.asked++);
        this.answered++;
        if (status === 401 || status === 200) this.judged++;
        // Who asks in the same process would take the time of those who answer.
        else await sleep(PAUSE_MS);
      }
    }
  }

  const hex = (n: number) => n.toString(16);
  const someone = () => newCredentials().email;
  type Siege = [
    what: string,
    guesser: (index: number) => (n: number) => string,
    device: 'own' | 'new',
    isAtOwner: boolean,
  ];
  const SIEGES: readonly Siege[] = [
    ['from 20 addresses, at its own device', (guesser) => () => `198.51.100.${guesser}`, 'own', true],
    ['from 20 addresses, at another device', (guesser) => () => `198.51.100.${100 + guesser}`, 'new', false],
    ['from the whole of a /48', (guesser) => (n) => `2001:db8:1:${hex(guesser * 999 + n)}::1`, 'new', false],
    [
      'from 20 networks of /48',
      (guesser) => (n) => `2001:db8:${hex(99 + guesser)}:${hex(n)}::1`,
      'new',
      false,
    ],
    [
      'from everywhere at its account',
      (guesser) => (n) => `2001:db9:${hex(guesser)}:${hex(n)}::1`,
      'own',
      true,
    ],
  ];
  it.each(sampled(SIEGES, 2))('gets in each time: %s', async (what, guesser, device, isAtOwner) => {
    if (device === 'own') expect((await home().post(LOGIN, credentials())).status).toBe(200);
    const guessers = Array.from({ length: GUESSERS }, (_, index) => {
      const [addressOf, emailOf] = [guesser(index + 1), isAtOwner ? () => owner.email : someone];
      return new Hasty((n) =>
        test.anonymous.from(addressOf(n)).post(LOGIN, { email: emailOf(), password: 'a wrong password' }),
      );
    });
    // Of those who come for the first time at the same moment, nobody is known to be a guesser.
    while (!guessers.every(({ answered }) => answered > 0)) await sleep(10);
    const outcomes: string[] = [];
    const took: number[] = [];
    for (let times = 0; times < TIMES; times++) {
      const client = device === 'own' ? home() : test.anonymous.from(`203.0.113.${times}`);
      const started = performance.now();
      const { outcome } = await untilTaken(() => client.post(LOGIN, credentials()), isBusy);
      outcomes.push(outcome);
      took.push(performance.now() - started);
    }
    await Promise.all(guessers.map((each) => each.stop()));
    const judged = guessers.reduce((sum, each) => sum + each.judged, 0);
    const longest = Math.round(Math.max(...took));
    report(`${what}: ${judged} guesses were judged; of ${TIMES} sign-ins the longest took ${longest} ms`);
    expect(outcomes).toEqual(Array.from({ length: TIMES }, () => '200'));
    // Otherwise nobody was in the way.
    expect(judged).toBeGreaterThan(0);
  });

  it('gets in each time while others who are signed in prove themselves as fast as they may', async () => {
    expect((await home().post(LOGIN, credentials())).status).toBe(200);
    const clients: TestClient[] = [];
    for (let n = 1; n <= 8; n++) clients.push(await test.anonymous.from(`198.51.100.${n}`).signIn());
    const others = clients.map((client) => new Hasty(() => client.post(STEP_UP, { password: PASSWORD }), 5));
    while (!others.every(({ answered }) => answered > 0)) await sleep(10);
    const outcomes: string[] = [];
    for (let times = 0; times < TIMES; times++) {
      outcomes.push((await untilTaken(() => home().post(LOGIN, credentials()), isBusy)).outcome);
    }
    await Promise.all(others.map((each) => each.stop()));
    expect(others.some(({ judged }) => judged > 0)).toBe(true);
    expect(outcomes).toEqual(Array.from({ length: TIMES }, () => '200'));
  });

  const credentials = () => ({ email: owner.email, password: owner.password });
});
