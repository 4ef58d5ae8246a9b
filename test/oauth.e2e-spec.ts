import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { PRODUCT } from '../src/product/product.js';
import { errorOf, ledTo, newAt, OAUTH, ORIGIN, PAGE, redeem, signInAt, Visitor } from './support/oauth.js';
import { OidcServer } from './support/oidc.js';
import { codeOf, newProtected, wrongCodeOf } from './support/second-factor.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME, USERS } from './support/users.js';

let acme: OidcServer;
let evil: OidcServer;
let test: TestApp;

const usersWith = (email: string) => test.connection.collection('users').countDocuments({ email });
const visitor = () => new Visitor(test, acme);
const person = (claims?: object) => newAt(acme, claims);
const signIn = (login: string) => signInAt(test, acme, login);

beforeAll(async () => {
  const start = (name: string) => OidcServer.start(name, `${ORIGIN}${OAUTH}/${name}/callback`);
  [acme, evil] = await Promise.all([start('acme'), start('evil')]);
  test = await createTestApp({
    ...acme.env,
    ...evil.env,
    PUBLIC_URL: ORIGIN,
    OAUTH_PROVIDERS: 'acme,evil',
    OAUTH_REDIRECTS: 'https://other.example.com/signed-in',
  });
});
afterAll(async () => {
  await test.close();
  await Promise.all([acme.close(), evil.close()]);
});

describe('signing in with a provider', () => {
  it('makes somebody new a user with the verified address, and signs it in again as the same', async () => {
    const login = person();
    const code = await visitor().codeFor(login);
    expect(await usersWith(`${login}@example.com`)).toBe(0);
    const { status, headers, body } = await redeem(test, code);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body.data).toMatchObject({
      tokenType: 'Bearer',
      refreshToken: expect.any(String),
      user: { email: `${login}@example.com`, name: 'Ada Lovelace', role: 'user', emailVerified: true },
    });
    const again = await signIn(login);
    expect((await again.get(ME)).body.data.id).toBe(body.data.user.id);
    expect((await again.get(IDENTITIES)).body.data).toMatchObject([{ issuer: acme.issuer, subject: login }]);
    expect(await usersWith(`${login}@example.com`)).toBe(1);
  });

  it('is offered with what the pages need to know', async () => {
    const { body } = await test.anonymous.get('/api/v1/auth/providers');
    expect(body.data[0]).toEqual({ name: 'acme', label: 'Acme', issuer: acme.issuer, stepUp: true });
    expect(
      (await test.anonymous.post(`${OAUTH}/nobody`, { redirectTo: PAGE, codeChallenge: 'a'.repeat(43) }))
        .outcome,
    ).toBe('404 PROVIDER_NOT_FOUND');
  });

  it('sends all that protects it, by a cookie that only this host can set', async () => {
    const ada = visitor();
    const url = await ada.start();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      redirect_uri: `${ORIGIN}${OAUTH}/acme/callback`,
      response_type: 'code',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{100,}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(url.searchParams.get('code_challenge')).not.toBe(ada.codeChallenge);
    const { headers } = await test.anonymous.post(`${OAUTH}/acme`, {
      redirectTo: PAGE,
      codeChallenge: ada.codeChallenge,
    });
    expect(headers['set-cookie']).toMatch(
      /^__Host-\w+_oauth=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it('leads to one address of a configured list exactly, or to a page of its own', async () => {
    const codeChallenge = 'a'.repeat(43);
    const outcomeOf = async (redirectTo: string) =>
      (await test.anonymous.post(`${OAUTH}/acme`, { redirectTo, codeChallenge })).outcome;
    for (const redirectTo of ['https://other.example.com/signed-in', `${ORIGIN}/console/profile`])
      expect([redirectTo, await outcomeOf(redirectTo)]).toEqual([redirectTo, '200']);
    const refused = `https://evil.example.com/ https://other.example.com/signed-in/ https://other.example.com/
      https://other.example.com/signed-in?next=1 ${ORIGIN}.evil.example.com/login ${ORIGIN}@evil.example.com/login
      ${ORIGIN}:8443/login http://app.example.com/login ${ORIGIN}/login#x ${ORIGIN}/login?next=//evil.example.com
      ${ORIGIN}/../login ${ORIGIN}\\@evil.example.com/login //evil.example.com/login /login javascript:alert(1)`;
    for (const redirectTo of [...refused.split(/\s+/), ` ${PAGE}`])
      expect([redirectTo, await outcomeOf(redirectTo)]).toEqual([redirectTo, '400 VALIDATION_ERROR']);
  });

  describe('is refused', () => {
    it('in a browser that has not begun it, or with a state of another one', async () => {
      const victim = visitor();
      const back = await acme.signIn((await visitor().start()).href, person());
      for (const cookie of ['', 'x', `__Host-${PRODUCT.key}_oauth=${'a'.repeat(43)}`]) {
        victim.cookie = cookie;
        expect((await victim.comeBack(back)).outcome).toBe('400 INVALID_OAUTH_STATE');
      }
      await victim.start();
      expect((await victim.comeBack(back)).outcome).toBe('400 INVALID_OAUTH_STATE');
      // The code of the attacker with a state of the victim: it belongs to another nonce and verifier.
      const own = new URL(back);
      own.searchParams.set('state', (await victim.start()).searchParams.get('state') ?? '');
      expect(errorOf(ledTo(await victim.comeBack(own)))).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
    });

    it.each([
      ['no state', (url: URL) => url.searchParams.delete('state')],
      ['a changed state', (url: URL) => url.searchParams.set('state', `${url.searchParams.get('state')}A`)],
      ['two states', (url: URL) => url.searchParams.append('state', 'x')],
    ])('with %s', async (_, change) => {
      const ada = visitor();
      const back = await acme.signIn((await ada.start()).href, person());
      change(back);
      expect((await ada.comeBack(back)).outcome).toBe('400 INVALID_OAUTH_STATE');
    });

    it.each([
      ['nonce', 'nonce', 'b'.repeat(43)],
      ['code challenge (PKCE)', 'code_challenge', 'c'.repeat(43)],
    ])('when the provider was told another %s', async (_, parameter, value) => {
      const ada = visitor();
      const url = await ada.start();
      url.searchParams.set(parameter, value);
      const login = person();
      const back = await acme.signIn(url.href, login);
      expect(errorOf(ledTo(await ada.comeBack(back)))).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
      expect(await usersWith(`${login}@example.com`)).toBe(0);
    });

    it('when the answer is of another issuer than was asked (mix-up)', async () => {
      const ada = visitor();
      const back = await acme.signIn((await ada.start()).href, person());
      const changed = new URL(back);
      changed.searchParams.set('iss', evil.issuer);
      expect(errorOf(ledTo(await ada.comeBack(changed)))).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
      const without = new URL(back);
      without.searchParams.delete('iss');
      expect(errorOf(ledTo(await ada.comeBack(without)))).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
      // The address that belongs to the other provider.
      const elsewhere = new URL(back.href.replace('/acme/', '/evil/'));
      expect((await ada.comeBack(elsewhere)).outcome).toBe('400 INVALID_OAUTH_STATE');
    });

    it('with a code of the provider that was used before', async () => {
      const ada = visitor();
      const back = await acme.signIn((await ada.start()).href, person());
      expect(ledTo(await ada.comeBack(back)).searchParams.get('code')).toMatch(/^[\w-]{43}$/);
      expect(errorOf(ledTo(await ada.comeBack(back)))).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
    });

    it('when somebody says no there, without a word of theirs in the address', async () => {
      const ada = visitor();
      const state = (await ada.start()).searchParams.get('state') ?? '';
      const back = new URL(`${ORIGIN}${OAUTH}/acme/callback`);
      back.search = new URLSearchParams({
        error: 'access_denied',
        error_description: '<b>',
        state,
        iss: acme.issuer,
      }).toString();
      const led = ledTo(await ada.comeBack(back));
      expect(led.href).toBe(`${PAGE}?error=PROVIDER_REFUSED`);
    });

    it.each([
      ['says is not verified', { email_verified: false }],
      ['says nothing of', { email_verified: undefined }],
      ['does not tell', { email: undefined }],
      ['tells wrongly', { email: 'ada lovelace' }],
    ])('with an address that the provider %s, whether it has a user or not', async (_, claims) => {
      const { body } = await (await test.anonymous.signIn()).get(ME);
      for (const email of [`${randomUUID()}@example.com`, String(body.data.email)]) {
        const led = await visitor().visit(person({ email, ...claims }));
        expect(errorOf(led)).toEqual([PAGE, 'EMAIL_NOT_VERIFIED', null]);
      }
    });

    it('with the verified address of a user who has not linked it', async () => {
      const ada = await test.anonymous.signIn();
      const { email } = (await ada.get(ME)).body.data as { email: string };
      const login = person({ email: email.toUpperCase() });
      expect(errorOf(await visitor().visit(login))).toEqual([PAGE, 'ACCOUNT_LINK_REQUIRED', null]);
      expect((await ada.get(IDENTITIES)).body.data).toEqual([]);
    });

    it('for new people while registration is closed, and for the disabled', async () => {
      const login = person();
      const ada = await signIn(login);
      const closed = await createTestApp({
        ...acme.env,
        PUBLIC_URL: ORIGIN,
        OAUTH_PROVIDERS: 'acme',
        REGISTRATION: 'closed',
        MONGODB_URI: test.config.of(DatabaseConfig).mongodbUri ?? '',
      });
      const open = test;
      try {
        test = closed;
        expect(errorOf(await visitor().visit(person()))).toEqual([PAGE, 'REGISTRATION_CLOSED', null]);
      } finally {
        test = open;
        await closed.app.close();
      }
      const admin = await test.anonymous.signIn('admin');
      const code = await visitor().codeFor(login);
      const { id } = (await ada.get(ME)).body.data as { id: string };
      expect((await admin.patch(`${USERS}/${id}`, { disabled: true })).status).toBe(200);
      expect((await redeem(test, code)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('when the provider answers more than anybody has to say', async () => {
      const led = await visitor().visit(person({ name: 'x'.repeat(2 ** 20) }));
      expect(errorOf(led)).toEqual([PAGE, 'SIGN_IN_FAILED', null]);
    });

    it('while the provider does not answer', async () => {
      const gone = await OidcServer.start('gone', `${ORIGIN}${OAUTH}/gone/callback`);
      await gone.close();
      const app = await createTestApp({ ...gone.env, PUBLIC_URL: ORIGIN, OAUTH_PROVIDERS: 'gone' });
      await expect(new Visitor(app, gone).start()).rejects.toThrow('PROVIDER_UNAVAILABLE');
      await app.close();
    });
  });

  describe('gives a code', () => {
    const INVALID = '400 INVALID_OAUTH_CODE';

    it('that is used once of twenty at the same time', async () => {
      const code = await visitor().codeFor(person());
      const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(test, code)));
      const outcomes = answers.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(1);
      expect(new Set(outcomes)).toEqual(new Set(['200', INVALID]));
    });

    it('that is of no use without the verifier, and none at all after a wrong one', async () => {
      const { code, codeVerifier } = await visitor().codeFor(person());
      expect((await redeem(test, { code, codeVerifier: 'x'.repeat(43) })).outcome).toBe(INVALID);
      expect((await redeem(test, { code, codeVerifier })).outcome).toBe(INVALID);
    });

    it('that is over after a minute, and stored as a digest', async () => {
      const redemption = await visitor().codeFor(person());
      const codes = test.connection.collection<{ _id: string; expiresAt: Date }>('oauth_codes');
      const _id = createHash('sha256').update(redemption.code).digest('base64url');
      const stored = await codes.findOne({ _id });
      expect(stored?.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
      await codes.updateOne({ _id }, { $set: { expiresAt: new Date(Date.now() - 1) } });
      expect((await redeem(test, redemption)).outcome).toBe(INVALID);
    });
  });

  it('asks for the second factor, with time to look for it', async () => {
    const ada = await newProtected(test);
    const login = person();
    const link = await visitor().codeFor(login, { purpose: 'link' });
    expect((await ada.client.post(`${OAUTH}/link`, link)).outcome).toBe('200');
    const code = await visitor().codeFor(login);
    expect((await redeem(test, code)).outcome).toBe('401 OTP_REQUIRED');
    expect((await redeem(test, { ...code, otp: wrongCodeOf(ada.secret) })).outcome).toBe('401 INVALID_OTP');
    const stored = await test.connection.collection('oauth_codes').findOne({ subject: login });
    expect(Number(stored?.['expiresAt'])).toBeGreaterThan(Date.now() + 240_000);
    const otp = codeOf(ada.secret);
    expect((await redeem(test, { ...code, otp })).outcome).toBe('200');
    expect((await redeem(test, { ...code, otp })).outcome).toBe('400 INVALID_OAUTH_CODE');
  });

  it('changes nothing when the provider tells another address', async () => {
    const login = person();
    const ada = await signIn(login);
    const before = (await ada.get(ME)).body.data;
    const other = await test.anonymous.signIn();
    const { email } = (await other.get(ME)).body.data as { email: string };
    acme.people.set(login, { email, email_verified: true, name: 'Other' });
    expect((await (await signIn(login)).get(ME)).body.data).toEqual(before);
  });
});
