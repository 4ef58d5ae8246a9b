import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Answer, type TestClient, untilTaken } from './support/test-client.js';
import { LOGIN, LOGOUT, ME, REFRESH, register, SESSIONS, USERS } from './support/users.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const refreshTokenOf = ({ body }: Answer) => body.data.refreshToken as string;
const bearer = ({ body }: Answer) => ({ authorization: `Bearer ${body.data.accessToken as string}` });

describe('sessions', () => {
  let test: TestApp;
  let anonymous: TestClient;
  const stored = () => test.connection.collection('sessions');
  const refresh = (refreshToken: string) => anonymous.post(REFRESH, { refreshToken });
  const session = (id: string) => ({ _id: new Types.ObjectId(id) });
  /** Lets time go by for a session, as far as the database knows. */
  const age = async (id: string, ms: number) => {
    const earlier = (date: string) => ({ $subtract: [date, ms] });
    await stored().updateOne(session(id), [
      {
        $set: {
          createdAt: earlier('$createdAt'),
          expiresAt: earlier('$expiresAt'),
          rotatedAt: { $map: { input: '$rotatedAt', in: earlier('$$this') } },
        },
      },
    ]);
  };
  const eventsOf = (event: string) => test.logs.filter((line) => line['event'] === event);

  beforeAll(async () => {
    test = await createTestApp();
    ({ anonymous } = test);
  });
  afterAll(() => test.close());

  describe('a refresh token', () => {
    it('is random, recognisable, and stored only as a hash', async () => {
      const [one, two] = [await anonymous.signIn(), await anonymous.signIn()];
      expect(one.signedIn.refreshToken).toMatch(/^fvr_[\w-]{88}$/);
      expect(two.signedIn.refreshToken).not.toBe(one.signedIn.refreshToken);
      const text = JSON.stringify(await stored().findOne(session(one.sessionId)));
      expect(text).not.toContain(one.signedIn.refreshToken.slice(4));
    });

    it('gives new tokens in the shape of signing in, for the same session', async () => {
      const credentials = await register(anonymous);
      const login = await anonymous.post(LOGIN, { email: credentials.email, password: credentials.password });
      const answer = await refresh(refreshTokenOf(login));
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body.data).toEqual({
        ...(login.body.data as object),
        accessToken: expect.any(String),
        refreshToken: expect.stringMatching(/^fvr_/),
      });
      expect(refreshTokenOf(answer)).not.toBe(refreshTokenOf(login));
      const { body } = await anonymous.get(SESSIONS, bearer(answer));
      expect(body.data).toHaveLength(1);
      expect((await anonymous.get(ME, bearer(answer))).status).toBe(200);
    });

    it('can be refreshed many times over, and is merely second when it comes again at once', async () => {
      const user = await anonymous.signIn();
      let token = user.signedIn.refreshToken;
      for (let times = 0; times < 15; times++) {
        const answer = await refresh(token);
        expect(answer.status).toBe(200);
        token = refreshTokenOf(answer);
      }
      const [found] = await stored().find(session(user.sessionId)).toArray();
      expect(found).toMatchObject({ generation: 16 });
      expect(found?.['rotatedAt']).toHaveLength(15);
      expect((await refresh(user.signedIn.refreshToken)).outcome).toBe('409 REFRESH_IN_PROGRESS');
      // What is older than ten seconds need not be remembered.
      await age(user.sessionId, 10_001);
      expect((await refresh(token)).status).toBe(200);
      expect((await stored().findOne(session(user.sessionId)))?.['rotatedAt']).toHaveLength(1);
    });

    it('is refreshed by exactly one of 100 requests at once', async () => {
      const { signedIn, ...user } = await anonymous.signIn();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => untilTaken(() => refresh(signedIn.refreshToken))),
      );
      const outcomes = Map.groupBy(answers, ({ outcome }) => outcome);
      const counts = [...outcomes].map(([outcome, each]) => [outcome, each.length]);
      expect(Object.fromEntries(counts)).toEqual({ '200': 1, '409 REFRESH_IN_PROGRESS': 99 });
      for (const { text } of outcomes.get('409 REFRESH_IN_PROGRESS') ?? [])
        expect(text).not.toContain('fvr_');
      const [winner] = outcomes.get('200') ?? [];
      expect((await anonymous.get(ME, winner && bearer(winner))).status).toBe(200);
      expect((await refresh(winner ? refreshTokenOf(winner) : '')).status).toBe(200);
      expect(user.userId).not.toBe('');
    });

    it('is still only second within ten seconds, also after a further refresh', async () => {
      const { signedIn } = await anonymous.signIn();
      const second = await refresh(signedIn.refreshToken);
      const third = await refresh(refreshTokenOf(second));
      expect((await refresh(signedIn.refreshToken)).outcome).toBe('409 REFRESH_IN_PROGRESS');
      expect((await refresh(refreshTokenOf(third))).status).toBe(200);
    });

    it.each([1, 3])('ends its session when it is used again later, %d refreshes after', async (times) => {
      const user = await anonymous.signIn();
      let newest = user.signedIn.refreshToken;
      for (let time = 0; time < times; time++) {
        const answer = await refresh(newest);
        newest = refreshTokenOf(answer);
        expect((await anonymous.get(ME, bearer(answer))).status).toBe(200);
      }
      await age(user.sessionId, 10_001);
      const before = eventsOf('refresh_token_reused').length;
      const reused = await refresh(user.signedIn.refreshToken);
      expect(reused.outcome).toBe('401 REFRESH_TOKEN_REUSED');
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await refresh(newest)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
      expect(eventsOf('refresh_token_reused').slice(before)).toEqual([
        expect.objectContaining({ level: 'warn', userId: user.userId, sessionId: user.sessionId }),
      ]);
    });

    it('ends no other session of its user', async () => {
      const credentials = await register(anonymous);
      const [one, two] = [await anonymous.signInAs(credentials), await anonymous.signInAs(credentials)];
      await anonymous.get(ME, bearer(await refresh(one.signedIn.refreshToken)));
      await age(one.sessionId, 10_001);
      await refresh(one.signedIn.refreshToken);
      expect((await one.get(ME)).status).toBe(401);
      expect((await two.get(ME)).status).toBe(200);
    });

    it('is refused when it was made up, and then ends nothing', async () => {
      const user = await anonymous.signIn();
      const { refreshToken } = user.signedIn;
      const bytes = Buffer.from(refreshToken.slice(4), 'base64url');
      for (const index of [0, 11, 15, 16, 47, 48, 65]) {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        const answer = await refresh(`fvr_${changed.toString('base64url')}`);
        expect(answer.outcome).toBe('401 INVALID_REFRESH_TOKEN');
      }
      for (const other of ['x', refreshToken.slice(4), `${refreshToken}a`, user.signedIn.accessToken]) {
        expect((await refresh(other.slice(0, 200))).outcome).toBe('401 INVALID_REFRESH_TOKEN');
      }
      expect((await refresh(refreshToken)).status).toBe(200);
    });

    it.each([
      [{}, 'refreshToken'],
      [{ refreshToken: 5 }, 'refreshToken'],
      [{ refreshToken: 'x'.repeat(201) }, 'refreshToken'],
      [{ refreshToken: 'x', otp: '1' }, 'otp'],
    ])('is a text: %j names %s', async (body, path) => {
      const answer = await anonymous.post(REFRESH, body);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(answer.body.details[0].path).toBe(path);
    });

    it('is no access token', async () => {
      const { signedIn } = await anonymous.signIn();
      const headers = { authorization: `Bearer ${signedIn.refreshToken}` };
      expect((await anonymous.get(ME, headers)).outcome).toBe('401 UNAUTHENTICATED');
    });
  });

  describe('a lifetime', () => {
    it('ends after 30 days without a refresh, also for the access token', async () => {
      const user = await anonymous.signIn();
      await age(user.sessionId, 30 * DAY_MS + 1000);
      expect((await refresh(user.signedIn.refreshToken)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
      const other = await anonymous.signIn();
      await age(other.sessionId, 30 * DAY_MS - 10_000);
      expect((await refresh(other.signedIn.refreshToken)).status).toBe(200);
    });

    it('ends after 90 days, however often it is refreshed', async () => {
      const user = await anonymous.signIn();
      let token = user.signedIn.refreshToken;
      for (const days of [29, 29, 29]) {
        await age(user.sessionId, days * DAY_MS);
        const answer = await refresh(token);
        expect(answer.status).toBe(200);
        token = refreshTokenOf(answer);
      }
      await age(user.sessionId, 3 * DAY_MS + 1000);
      expect((await refresh(token)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    });

    it('is over for an access token when the session is', async () => {
      const user = await anonymous.signIn();
      await stored().updateOne(session(user.sessionId), { $set: { expiresAt: new Date(Date.now() + 400) } });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });
  });

  describe('listing and ending them', () => {
    it('shows where one is signed in, the last used first', async () => {
      const credentials = await register(anonymous);
      const phone = anonymous.from('203.0.113.7').with({ 'user-agent': 'Phone/1' });
      const first = await phone.signInAs(credentials);
      const second = await anonymous.with({ 'user-agent': 'x'.repeat(400) }).signInAs(credentials);
      const { body, headers } = await first.get(SESSIONS);
      expect(headers['cache-control']).toBe('no-store');
      expect(body.data).toEqual([
        expect.objectContaining({ id: second.sessionId, userAgent: 'x'.repeat(300), current: false }),
        {
          id: first.sessionId,
          createdAt: expect.any(String),
          lastUsedAt: expect.any(String),
          userAgent: 'Phone/1',
          address: '203.0.113.7',
          current: true,
        },
      ]);
    });

    it('notes from where a session was refreshed, whatever a client calls itself', async () => {
      const user = await anonymous.signIn();
      const from = anonymous.from('203.0.113.8').with({ 'user-agent': '$tokenHash' });
      await from.post(REFRESH, { refreshToken: user.signedIn.refreshToken });
      const { body } = await user.get(SESSIONS);
      expect(body.data).toMatchObject([{ userAgent: '$tokenHash', address: '203.0.113.8' }]);
    });

    it('acts on the very next request', async () => {
      const credentials = await register(anonymous);
      const [one, two] = [await anonymous.signInAs(credentials), await anonymous.signInAs(credentials)];
      expect((await two.get(ME)).status).toBe(200);
      const { body } = await one.delete(`${SESSIONS}/${two.sessionId.toUpperCase()}`);
      expect(body).toEqual({ success: true, message: 'Session ended' });
      expect((await two.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await refresh(two.signedIn.refreshToken)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
      expect((await one.get(ME)).status).toBe(200);
      expect((await one.delete(`${SESSIONS}/${two.sessionId}`)).outcome).toBe('404 SESSION_NOT_FOUND');
    });

    it('ends those that were not used for longest when there are more than 100', async () => {
      const user = await anonymous.signIn();
      const [mine] = await stored().find(session(user.sessionId)).toArray();
      const { _id: unused, ...fields } = mine ?? { _id: undefined };
      const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
      await stored().insertMany(
        Array.from({ length: 105 }, (_, index) => ({ ...fields, lastUsedAt: at(index + 1) })),
      );
      const { email } = (await user.get(ME)).body.data as { email: string };
      const newest = await anonymous.signInAs({ email, password: 'correct horse battery' });
      const { body } = await newest.get(SESSIONS);
      expect(body.data).toHaveLength(100);
      expect(await stored().countDocuments({ ownerId: new Types.ObjectId(user.userId) })).toBe(100);
      expect(unused).toBeDefined();
    });
  });

  describe('signing out', () => {
    it('ends the session of the access token', async () => {
      const user = await anonymous.signIn();
      expect((await user.post(LOGOUT)).body).toEqual({ success: true, message: 'Signed out' });
      expect((await user.get(ME)).status).toBe(401);
      expect((await refresh(user.signedIn.refreshToken)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    });

    it('ends the session of a refresh token, without an access token or with an expired one', async () => {
      const user = await anonymous.signIn();
      const { refreshToken } = user.signedIn;
      const headers = { authorization: 'Bearer expired' };
      expect((await anonymous.post(LOGOUT, { refreshToken }, headers)).status).toBe(200);
      expect((await user.get(ME)).status).toBe(401);
      // It is over, which is what was asked for.
      expect((await anonymous.post(LOGOUT, { refreshToken })).status).toBe(200);
    });

    it('needs one of them', async () => {
      expect((await anonymous.post(LOGOUT)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await anonymous.post(LOGOUT, {})).outcome).toBe('401 UNAUTHENTICATED');
      const madeUp = { refreshToken: 'fvr_x' };
      expect((await anonymous.post(LOGOUT, madeUp)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    });
  });

  it('are of no use to a user who is disabled, and end with one who is deleted', async () => {
    const admin = await anonymous.signIn('admin');
    const disabled = await anonymous.signIn();
    await admin.patch(`${USERS}/${disabled.userId}`, { disabled: true });
    expect((await refresh(disabled.signedIn.refreshToken)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    const deleted = await anonymous.signIn();
    await admin.delete(`${USERS}/${deleted.userId}`);
    expect((await refresh(deleted.signedIn.refreshToken)).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    expect(await stored().countDocuments(session(deleted.sessionId))).toBe(0);
  });
});
