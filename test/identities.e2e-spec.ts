import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CHANGE_EMAIL } from './support/accounts.js';
import { errorOf, newAt, OAUTH, ORIGIN, PAGE, redeem, signInAt, Visitor } from './support/oauth.js';
import { OidcServer } from './support/oidc.js';
import { aged } from './support/passkeys.js';
import { STEP_UP } from './support/second-factor.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME } from './support/users.js';

let acme: OidcServer;
let github: OidcServer;
let realm: OidcServer;
let test: TestApp;

const visitor = () => new Visitor(test, acme);
const person = (claims?: object) => newAt(acme, claims);
const signIn = (login: string) => signInAt(test, acme, login);

beforeAll(async () => {
  const start = (name: string, path?: string) =>
    OidcServer.start(name, `${ORIGIN}${OAUTH}/${name}/callback`, path);
  [acme, github, realm] = await Promise.all([
    start('acme'),
    start('github'),
    start('realm', '/realms/ours/'),
  ]);
  test = await createTestApp({
    ...acme.env,
    ...github.env,
    ...realm.env,
    PUBLIC_URL: ORIGIN,
    OAUTH_PROVIDERS: 'acme,github,realm',
  });
});
afterAll(async () => {
  await test.close();
  await Promise.all([acme.close(), github.close(), realm.close()]);
});

describe('an identity', () => {
  it('takes who GitHub says somebody is, by its number, and a primary address that is verified', async () => {
    const login = newAt(github, { id: 583231 });
    const ada = await signInAt(test, github, login);
    expect((await ada.get(ME)).body.data).toMatchObject({
      email: `${login}@example.com`,
      name: 'Ada Lovelace',
    });
    expect((await ada.get(IDENTITIES)).body.data).toMatchObject([
      { issuer: github.issuer, subject: '583231' },
    ]);
    const other = new Visitor(test, github);
    expect(errorOf(await other.visit(newAt(github, { id: 2, email_verified: false })))[1]).toBe(
      'EMAIL_NOT_VERIFIED',
    );
    const body = { redirectTo: PAGE, codeChallenge: other.codeChallenge, purpose: 'step-up' };
    expect((await test.anonymous.post(`${OAUTH}/github`, body)).outcome).toBe('400 VALIDATION_ERROR');
  });

  it('takes an issuer by its whole name, which may have a path and end in a slash', async () => {
    const ada = await signInAt(test, realm, newAt(realm));
    expect((await ada.get(IDENTITIES)).body.data).toMatchObject([{ issuer: realm.issuer }]);
  });
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

  it('asks for a recent proof', async () => {
    const stale = await aged(test, await test.anonymous.signIn());
    const code = await visitor().codeFor(person(), { purpose: 'link' });
    expect((await test.anonymous.post(`${OAUTH}/link`, code)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await stale.post(`${OAUTH}/link`, code)).outcome).toBe('403 STEP_UP_REQUIRED');
    expect((await (await test.anonymous.signIn()).post(`${OAUTH}/link`, code)).outcome).toBe('200');
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
    const ada = await aged(test, await signIn(login));
    const url = await visitor().start({ purpose: 'step-up' });
    expect(url.searchParams.get('max_age')).toBe('0');
    const code = await visitor().codeFor(login, { purpose: 'step-up' });
    expect((await ada.post(`${OAUTH}/step-up`, code)).outcome).toBe('200');
    expect((await ada.post(CHANGE_EMAIL, { email: `${randomUUID()}@example.com` })).outcome).toBe('202');
    const other = await visitor().codeFor(person(), { purpose: 'step-up' });
    expect((await ada.post(`${OAUTH}/step-up`, other)).outcome).toBe('404 IDENTITY_NOT_FOUND');
    expect((await ada.post(STEP_UP, { password: 'correct horse battery' })).outcome).toBe(
      '401 INVALID_CREDENTIALS',
    );
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
