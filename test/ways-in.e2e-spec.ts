import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CHANGE_EMAIL } from './support/accounts.js';
import { errorOf, newAt, OAUTH, ORIGIN, PAGE, redeem, signInAt, Visitor } from './support/oauth.js';
import { OidcServer } from './support/oidc.js';
import { STEP_UP } from './support/second-factor.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME } from './support/users.js';

let acme: OidcServer;
let test: TestApp;

const visitor = () => new Visitor(test, acme);
const person = (claims?: object) => newAt(acme, claims);
const signIn = (login: string) => signInAt(test, acme, login);

beforeAll(async () => {
  acme = await OidcServer.start('acme', `${ORIGIN}${OAUTH}/acme/callback`);
  test = await createTestApp({ ...acme.env, PUBLIC_URL: ORIGIN, OAUTH_PROVIDERS: 'acme' });
});
afterAll(async () => {
  await test.close();
  await acme.close();
});

describe('linking an identity of a provider', () => {
  it('makes it sign in as the user, whatever its address; unlinking ends that', async () => {
    const ada = await test.anonymous.signIn();
    const login = person({ email_verified: false });
    const answer = await ada.post(`${OAUTH}/link`, await visitor().codeFor(login, { purpose: 'link' }));
    expect([answer.outcome, answer.body.data]).toEqual([
      '200',
      expect.objectContaining({ issuer: acme.issuer, subject: login }),
    ]);
    const signedIn = await signIn(login);
    expect((await signedIn.get(ME)).body.data.id).toBe(ada.userId);
    await ada.delete(`${IDENTITIES}/${String(answer.body.data.id)}`);
    expect(errorOf(await visitor().visit(login))).toEqual([PAGE, 'EMAIL_NOT_VERIFIED', null]);
  });

  it('asks for a recent proof and a verified address, and is not for API keys', async () => {
    const ada = await test.anonymous.signIn();
    const sessions = test.connection.collection('sessions');
    const code = await visitor().codeFor(person(), { purpose: 'link' });
    await sessions.updateMany({}, { $set: { provenAt: new Date(Date.now() - 3_600_000) } });
    const stale = await test.anonymous.signIn();
    expect((await test.anonymous.post(`${OAUTH}/link`, code)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await stale.post(`${OAUTH}/link`, code)).outcome).toBe('200');
    expect(ada.userId).not.toBe(stale.userId);
  });

  it('takes a code that a sign-in for it has brought, and signing in takes no such code', async () => {
    const ada = await test.anonymous.signIn();
    const toLink = await visitor().codeFor(person(), { purpose: 'link' });
    expect((await redeem(test, toLink)).outcome).toBe('400 INVALID_OAUTH_CODE');
    const toSignIn = await visitor().codeFor(person());
    expect((await ada.post(`${OAUTH}/link`, toSignIn)).outcome).toBe('400 INVALID_OAUTH_CODE');
  });

  it('is refused for an identity of somebody else', async () => {
    const login = person();
    await signIn(login);
    const ada = await test.anonymous.signIn();
    const code = await visitor().codeFor(login, { purpose: 'link' });
    expect((await ada.post(`${OAUTH}/link`, code)).outcome).toBe('409 IDENTITY_TAKEN');
  });

  it('leaves a user without a password its last way in', async () => {
    const ada = await signIn(person());
    const { body } = await ada.get(IDENTITIES);
    expect((await ada.delete(`${IDENTITIES}/${String(body.data[0].id)}`)).outcome).toBe('409 LAST_WAY_IN');
  });
});

describe('proving who one is by a provider', () => {
  it('asks the provider to sign in anew, and counts as a proof of this session', async () => {
    const login = person();
    const ada = await signIn(login);
    const url = await visitor().start({ purpose: 'step-up' });
    expect(url.searchParams.get('max_age')).toBe('0');
    const code = await visitor().codeFor(login, { purpose: 'step-up' });
    await test.connection.collection('sessions').updateMany({}, { $set: { provenAt: new Date(0) } });
    expect((await ada.post(`${OAUTH}/step-up`, code)).outcome).toBe('200');
    expect((await ada.post(CHANGE_EMAIL, { email: `${randomUUID()}@example.com` })).outcome).toBe('202');
    expect((await ada.post(STEP_UP, { password: 'correct horse battery' })).outcome).toBe(
      '401 INVALID_CREDENTIALS',
    );
  });

  it('is refused by the identity of somebody else', async () => {
    const ada = await signIn(person());
    const code = await visitor().codeFor(person(), { purpose: 'step-up' });
    expect((await ada.post(`${OAUTH}/step-up`, code)).outcome).toBe('404 IDENTITY_NOT_FOUND');
  });

  it('is refused when the person has signed in there long before', async () => {
    acme.signedInAgoS = 3600;
    try {
      const led = await visitor().visit(person(), { purpose: 'step-up' });
      expect(errorOf(led)).toEqual([PAGE, 'STEP_UP_REQUIRED', null]);
    } finally {
      acme.signedInAgoS = 0;
    }
  });
});
