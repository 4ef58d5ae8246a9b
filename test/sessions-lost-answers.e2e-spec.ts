import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { Answer, TestClient } from './support/test-client.js';
import { TIMERS } from './support/timers.js';
import { ME, REFRESH } from './support/users.js';

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

describe('a refresh whose answer got lost', () => {
  let one: TestApp;
  /** Another process on the same database. */
  let two: TestApp;
  let user: TestClient;
  let first: Tokens;
  const stored = () => one.connection.collection('sessions');
  const session = () => ({ _id: new Types.ObjectId(user.sessionId) });
  const ask = (test: TestApp, { refresh }: Tokens) => test.anonymous.post(REFRESH, { refreshToken: refresh });
  const tokensOf = ({ status, body }: Answer): Tokens => {
    expect(status).toBe(200);
    return { access: body.data.accessToken as string, refresh: body.data.refreshToken as string };
  };
  const me = (test: TestApp, { access }: Tokens) =>
    test.anonymous.get(ME, { authorization: `Bearer ${access}` });
  /** Lets more than the ten seconds go by in which whoever comes second is a tab beside the first. */
  const wait = () =>
    stored().updateOne(session(), [
      { $set: { rotatedAt: { $map: { input: '$rotatedAt', in: { $subtract: ['$$this', 10_001] } } } } },
    ]);
  /** Asks and does not hear the answer. */
  const lose = async (test: TestApp, tokens: Tokens) => {
    const lost = tokensOf(await ask(test, tokens));
    await wait();
    return lost;
  };
  const events = (event: string) =>
    [...one.logs, ...two.logs].filter(
      (line) => line['event'] === event && line['sessionId'] === user.sessionId,
    );
  const expectTheEnd = async (...tokens: Tokens[]) => {
    for (const each of tokens) {
      for (const test of [one, two]) {
        expect((await ask(test, each)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
        expect((await me(test, each)).outcome).toBe('401 UNAUTHENTICATED');
      }
    }
    expect(events('refresh_token_reused')).toEqual([
      expect.objectContaining({ level: 'warn', userId: user.userId }),
    ]);
  };

  beforeAll(async () => {
    one = await createTestApp();
    const { mongodbUri: MONGODB_URI } = one.config.of(DatabaseConfig);
    const { jwtSecret: JWT_SECRET } = one.config.of(CryptoConfig);
    two = await createTestApp({ MONGODB_URI, JWT_SECRET });
  });
  beforeEach(async () => {
    user = await one.anonymous.signIn();
    first = { access: user.signedIn.accessToken, refresh: user.signedIn.refreshToken };
  });
  afterAll(async () => {
    await two.close();
    await one.close();
  });

  it('is answered again with new tokens, as often as it gets lost', async () => {
    for (const test of [one, two, one]) await lose(test, first);
    const answered = tokensOf(await ask(two, first));
    expect((await me(two, first)).status).toBe(200);
    for (const test of [one, two]) expect((await me(test, answered)).status).toBe(200);
    const next = tokensOf(await ask(one, answered));
    expect((await me(two, next)).status).toBe(200);
    expect(events('refresh_answered_again')).toHaveLength(3);
    expect(events('refresh_token_reused')).toEqual([]);
  });

  it('is not answered again before ten seconds are over, after each time', async () => {
    await lose(one, first);
    const answers = await Promise.all([one, two, one, two].map((test) => ask(test, first)));
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual([
      '200',
      ...Array.from({ length: 3 }, () => '409 REFRESH_IN_PROGRESS'),
    ]);
    for (const { status, headers } of answers) {
      if (status === 409) expect(headers['retry-after']).toMatch(/^([1-9]|10)$/);
    }
  });

  it('says nothing of asking again where that would end the session', async () => {
    const fresh = tokensOf(await ask(one, first));
    expect((await me(one, fresh)).status).toBe(200);
    const { outcome, headers } = await ask(one, first);
    expect([outcome, headers['retry-after']]).toEqual(['409 REFRESH_IN_PROGRESS', undefined]);
  });

  it('waits ten seconds by the clock of the database, whatever that of a process says', async () => {
    const askLater = async () => {
      jest.useFakeTimers({ doNotFake: [...TIMERS], now: Date.now() + 60_000 });
      try {
        return (await ask(one, first)).outcome;
      } finally {
        jest.useRealTimers();
      }
    };
    tokensOf(await ask(two, first));
    expect(await askLater()).toBe('409 REFRESH_IN_PROGRESS');
    await wait();
    expect(await askLater()).toBe('200');
    await wait();
    expect((await ask(two, first)).outcome).toBe('200');
  });

  it.each(['access', 'refresh'] as const)('ends the session once the new %s token was used', async (kind) => {
    let fresh = tokensOf(await ask(one, first));
    if (kind === 'access') expect((await me(two, fresh)).status).toBe(200);
    else fresh = tokensOf(await ask(two, fresh));
    await wait();
    expect((await ask(one, first)).outcome).toBe('401 REFRESH_TOKEN_REUSED');
    await expectTheEnd(first, fresh);
  });

  it.each(['access', 'refresh'] as const)(
    'ends it when the %s token arrives for which somebody else asked again',
    async (kind) => {
      const owners = await lose(one, first);
      const thiefs = tokensOf(await ask(two, first));
      expect((await me(two, thiefs)).status).toBe(200);
      await wait();
      if (kind === 'access') expect((await me(one, owners)).outcome).toBe('401 UNAUTHENTICATED');
      else expect((await ask(one, owners)).outcome).toBe('401 REFRESH_TOKEN_REUSED');
      await expectTheEnd(first, owners, thiefs);
    },
  );

  it('is noticed where somebody else asked again and the owner had not used its new tokens', async () => {
    for (const kind of ['access', 'refresh'] as const) {
      user = await one.anonymous.signIn();
      first = { access: user.signedIn.accessToken, refresh: user.signedIn.refreshToken };
      const owners = await lose(one, first);
      const thiefs = tokensOf(await ask(two, first));
      expect((await me(one, first)).status).toBe(200);
      expect((await me(one, thiefs)).status).toBe(200);
      // From now on the owner cannot go on with its old one, and not notice.
      expect((await me(one, first)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await me(one, thiefs)).status).toBe(200);
      await wait();
      if (kind === 'access') expect((await me(one, owners)).outcome).toBe('401 UNAUTHENTICATED');
      else expect((await ask(one, owners)).outcome).toBe('401 REFRESH_TOKEN_REUSED');
      await expectTheEnd(first, owners, thiefs);
    }
  });

  it('leaves a client whose answer got lost signed in, also where its old access token is still under way', async () => {
    await lose(one, first);
    let mine = tokensOf(await ask(one, first));
    expect((await me(one, mine)).status).toBe(200);
    expect((await me(one, first)).outcome).toBe('401 UNAUTHENTICATED');
    for (let times = 0; times < 2; times++) {
      mine = tokensOf(await ask(one, mine));
      expect((await me(one, mine)).status).toBe(200);
    }
    expect(events('refresh_token_reused')).toEqual([]);
  });

  it('ends it also long after, and while the later tokens are unused', async () => {
    const owners = await lose(one, first);
    const thiefs = await lose(two, first);
    const later = tokensOf(await ask(one, first));
    expect((await me(one, thiefs)).outcome).toBe('401 UNAUTHENTICATED');
    await expectTheEnd(first, owners, later);
  });

  it('remembers tokens that got lost over further refreshes', async () => {
    const lost = await lose(one, first);
    let newest = tokensOf(await ask(one, first));
    for (let times = 0; times < 3; times++) newest = tokensOf(await ask(two, newest));
    expect((await me(two, newest)).status).toBe(200);
    expect((await me(two, lost)).outcome).toBe('401 UNAUTHENTICATED');
    await expectTheEnd(lost, newest);
  });

  it('gives tokens that got lost no new life, however many were lost after them', async () => {
    const lost = await lose(one, first);
    let newest = tokensOf(await ask(one, first));
    for (let times = 0; times < 11; times++) {
      await lose(one, newest);
      newest = tokensOf(await ask(one, newest));
      expect((await me(one, newest)).status).toBe(200);
    }
    expect((await me(one, lost)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await ask(one, lost)).outcome).toBe('401 REFRESH_TOKEN_REUSED');
    await expectTheEnd(lost, newest);
  });

  it('is decided once where the new token is used at the same time', async () => {
    for (let times = 0; times < 5; times++) {
      user = await one.anonymous.signIn();
      first = { access: user.signedIn.accessToken, refresh: user.signedIn.refreshToken };
      const fresh = await lose(one, first);
      const [again, used] = await Promise.all([ask(one, first), me(two, fresh)]);
      // Whichever was first, two have tokens of one session: it is over, at once or for who comes next.
      const outcomes = `${again.outcome}, ${used.outcome}`;
      expect([
        '401 REFRESH_TOKEN_REUSED, 200',
        '401 REFRESH_TOKEN_REUSED, 401 UNAUTHENTICATED',
        '200, 401 UNAUTHENTICATED',
      ]).toContain(outcomes);
      expect((await me(one, fresh)).outcome).toBe('401 UNAUTHENTICATED');
      await expectTheEnd(first, fresh);
    }
  });

  it('writes once for new tokens, and not for each request', async () => {
    const fresh = tokensOf(await ask(one, first));
    expect((await stored().findOne(session()))?.['unused']).toEqual({ from: 2, to: 2 });
    await me(one, fresh);
    const after = await stored().findOne(session());
    expect(after).not.toHaveProperty('unused');
    // A write from now on would be refused by this rule.
    await stored().updateOne(session(), { $set: { generation: 7 } });
    for (const test of [one, two, one]) expect((await me(test, fresh)).status).toBe(200);
    expect(await stored().findOne(session())).toEqual({ ...after, generation: 7 });
  });

  it('is as before for sessions and tokens of the release before, which tell no numbers', async () => {
    const fresh = tokensOf(await ask(one, first));
    // It refreshes without telling who used what.
    await stored().updateOne(session(), { $inc: { generation: 1 } });
    await wait();
    expect((await me(two, fresh)).status).toBe(200);
    expect((await ask(one, first)).outcome).toBe('401 REFRESH_TOKEN_REUSED');
  });
});
