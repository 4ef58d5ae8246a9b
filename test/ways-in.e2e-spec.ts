import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Types } from 'mongoose';
import { CHANGE_EMAIL } from './support/accounts.js';
import { createKey, withKey } from './support/api-keys.js';
import { newAt, OAUTH, ORIGIN, signInAt } from './support/oauth.js';
import { OidcServer } from './support/oidc.js';
import {
  aged,
  changed,
  PASSKEY_LOGIN,
  PASSKEY_STEP_UP,
  PasskeyDevice,
  PASSKEYS,
} from './support/passkeys.js';
import { newProtected } from './support/second-factor.js';
import { IDENTITIES, withToken } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { TIMERS } from './support/timers.js';
import { USERS } from './support/users.js';

let acme: OidcServer;
let test: TestApp;

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

describe('passkeys', () => {
  const REFUSED = '400 PASSKEY_REFUSED';
  const INVALID = '401 INVALID_PASSKEY';
  const stored = (credentialId: string) => test.connection.collection('passkeys').findOne({ credentialId });
  const sign = (credential: unknown) => test.anonymous.post(PASSKEY_LOGIN, { credential });

  /** Somebody with a passkey, and the device that has it. */
  async function withPasskey(settings = {}): Promise<{ ada: TestClient; device: PasskeyDevice; id: string }> {
    const ada = await test.anonymous.signIn();
    const device = new PasskeyDevice(settings);
    const { body, text } = await device.register(ada, 'Phone');
    if (!body.success) throw new Error(text);
    return { ada, device, id: String(body.data.id) };
  }

  /** Signed in by a passkey, just now. */
  async function withSession(device: PasskeyDevice): Promise<TestClient> {
    const { accessToken } = (await device.signIn(test.anonymous)).body.data as { accessToken: string };
    return withToken(test, accessToken);
  }

  it('sign in as their user, without address, password and second factor', async () => {
    const ada = await newProtected(test);
    const device = new PasskeyDevice();
    const added = await device.register(ada.client, 'Phone');
    expect([added.status, added.headers['location'], added.body.data]).toEqual([
      201,
      `${PASSKEYS}/${String(added.body.data.id)}`,
      {
        id: expect.any(String),
        name: 'Phone',
        backedUp: expect.any(Boolean),
        createdAt: expect.any(String),
        lastUsedAt: null,
      },
    ]);
    const { outcome, headers, body } = await device.signIn(test.anonymous);
    expect([outcome, headers['cache-control']]).toEqual(['200', 'no-store']);
    expect(body.data).toMatchObject({
      tokenType: 'Bearer',
      refreshToken: expect.any(String),
      user: { id: ada.id },
    });
    const list = await ada.client.get(PASSKEYS);
    expect(list.body.data).toMatchObject([{ name: 'Phone', lastUsedAt: expect.any(String) }]);
  });

  it('ask the browser for a device that verifies its user, and say nothing of users', async () => {
    const ada = await test.anonymous.signIn();
    const { body } = await ada.post(`${PASSKEYS}/options`);
    expect(body.data.publicKey).toMatchObject({
      rp: { id: 'app.example.com' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    const options = (await test.anonymous.post(`${PASSKEY_LOGIN}/options`)).body.data.publicKey;
    expect(options).toMatchObject({ rpId: 'app.example.com', userVerification: 'required' });
    expect(options.allowCredentials ?? []).toEqual([]);
  });

  it('are registered with a recent proof and a verified address, once, and not by API keys', async () => {
    const { ada, device } = await withPasskey();
    const options = (await ada.post(`${PASSKEYS}/options`)).body.data.publicKey;
    expect(options.excludeCredentials).toHaveLength(1);
    expect(() => device.make(options)).toThrow();
    const credential = await new PasskeyDevice().made(ada);
    const stale = await aged(test, await test.anonymous.signIn());
    expect((await stale.post(PASSKEYS, { credential })).outcome).toBe('403 STEP_UP_REQUIRED');
    expect((await stale.post(`${PASSKEYS}/options`)).outcome).toBe('403 STEP_UP_REQUIRED');
    const eve = await test.anonymous.signIn();
    // What was made for another user.
    expect((await eve.post(PASSKEYS, { credential })).outcome).toBe(REFUSED);
    const program = withKey(test, (await createKey(eve)).key);
    for (const url of [PASSKEYS, `${PASSKEYS}/options`]) {
      expect((await program.post(url, { ...(url === PASSKEYS && { credential }) })).outcome).toBe(
        '403 FORBIDDEN',
      );
    }
  });

  it.each([`${ORIGIN}.evil.example`, `${ORIGIN}:8443`, 'http://app.example.com', 'https://example.com'])(
    'are refused from %s, when registering and when signing in',
    async (origin) => {
      const { ada, device } = await withPasskey();
      const made = changed(await new PasskeyDevice().made(ada), origin);
      expect((await ada.post(PASSKEYS, { credential: made })).outcome).toBe(REFUSED);
      expect((await sign(changed(await device.shown(test.anonymous), origin))).outcome).toBe(INVALID);
    },
  );

  it('are refused when the device has not verified its user, or nobody was there', async () => {
    const ada = await test.anonymous.signIn();
    for (const options of [
      { uv: false, up: true },
      { uv: true, up: false },
    ]) {
      const lax = new PasskeyDevice({ userMakeCredentialInteraction: () => ({ options }) });
      expect((await lax.register(ada)).outcome).toBe(REFUSED);
      const { device } = await withPasskey({ userGetAssertionInteraction: () => ({ options }) });
      expect((await device.signIn(test.anonymous)).outcome).toBe(INVALID);
    }
  });

  it('are refused a second time with the same challenge', async () => {
    const { ada, device } = await withPasskey({ signCounterIncrement: 0 });
    const shown = await device.shown(test.anonymous);
    const answers = await Promise.all(Array.from({ length: 10 }, () => sign(shown)));
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', ...Array(9).fill(INVALID)]);
    const made = await new PasskeyDevice().made(ada);
    expect((await ada.post(PASSKEYS, { credential: made })).status).toBe(201);
    await test.connection.collection('passkeys').deleteOne({ credentialId: made.id });
    expect((await ada.post(PASSKEYS, { credential: made })).outcome).toBe(REFUSED);
  });

  it('leave the challenge valid when they are not stored', async () => {
    const { ada, id } = await withPasskey();
    const made = await new PasskeyDevice().made(ada);
    const all = test.connection.collection('passkeys');
    const { _id, ...one } = (await all.findOne({ _id: new Types.ObjectId(id) })) ?? {};
    const filling = Array.from({ length: 19 }, () => ({ ...one, credentialId: randomUUID() }));
    await all.insertMany(filling);
    expect((await ada.post(PASSKEYS, { credential: made })).outcome).toBe('409 PASSKEY_LIMIT_REACHED');
    await all.deleteOne({ credentialId: filling[0]?.credentialId ?? '' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ada.post(PASSKEYS, { credential: made })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  it('sign in on two devices in the same millisecond', async () => {
    const { device } = await withPasskey({ signCounterIncrement: 0 });
    const shown = [await device.shown(test.anonymous), await device.shown(test.anonymous)];
    jest.useFakeTimers({ doNotFake: [...TIMERS], now: Date.now() });
    try {
      for (const each of shown) expect((await sign(each)).outcome).toBe('200');
    } finally {
      jest.useRealTimers();
    }
  });

  it('are refused when they count less than before, since somebody has a copy', async () => {
    const { device } = await withPasskey();
    const shown = await device.shown(test.anonymous);
    await test.connection
      .collection('passkeys')
      .updateOne({ credentialId: shown.id }, { $set: { counter: 99 } });
    expect((await sign(shown)).outcome).toBe(INVALID);
    expect((await stored(shown.id))?.['counter']).toBe(99);
    expect(test.logs.findLast(({ event }) => event === 'passkey_refused')).toMatchObject({
      reason: 'counter',
    });
  });

  it('are refused with a signature, a key or a user that is not theirs, and with anything that is none', async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const hers = await ada.device.shown(test.anonymous);
    const his = await eve.device.shown(test.anonymous);
    const { response } = hers;
    const forged = [
      { ...hers, response: { ...response, signature: his.response.signature } },
      { ...hers, response: { ...response, userHandle: his.response.userHandle } },
      { ...his, id: hers.id, rawId: hers.rawId },
      { ...hers, id: 'bm9uZQ', rawId: 'bm9uZQ' },
      { ...hers, response: { ...response, userHandle: undefined } },
      { ...hers, id: { $ne: '' } },
      { ...hers, response: 'x' },
      {},
      [],
      'x',
      null,
    ];
    for (const [index, credential] of forged.entries()) {
      expect([index, (await sign(credential)).status]).toEqual([index, credential ? 401 : 400]);
    }
    expect((await sign(hers)).outcome).toBe('200');
  });

  it('prove who somebody is, but only for their user', async () => {
    const { device } = await withPasskey();
    const eve = await aged(test, await test.anonymous.signIn());
    const stale = await aged(test, await withSession(device));
    const proof = async () => ({ credential: await device.shown(test.anonymous) });
    expect((await eve.post(PASSKEY_STEP_UP, await proof())).outcome).toBe(INVALID);
    expect((await stale.post(PASSKEY_STEP_UP, await proof())).outcome).toBe('200');
    for (const [client, outcome] of [
      [eve, '403 STEP_UP_REQUIRED'],
      [stale, '202'],
    ] as const) {
      expect((await client.post(CHANGE_EMAIL, { email: `${randomUUID()}@example.com` })).outcome).toBe(
        outcome,
      );
    }
  });

  it('do not sign in any more once they are removed, and never who is disabled', async () => {
    const { ada, device, id } = await withPasskey();
    const eve = await withPasskey();
    expect((await eve.ada.delete(`${PASSKEYS}/${id}`)).outcome).toBe('404 PASSKEY_NOT_FOUND');
    expect((await ada.delete(`${PASSKEYS}/${id}`)).body.message).toBe('Passkey removed');
    expect((await device.signIn(test.anonymous)).outcome).toBe(INVALID);
    const admin = await test.anonymous.signIn('admin');
    await admin.patch(`${USERS}/${eve.ada.userId}`, { disabled: true });
    expect((await eve.device.signIn(test.anonymous)).outcome).toBe('401 UNAUTHENTICATED');
  });

  it('are a way in beside an identity: the last of both stays, also when both are removed at once', async () => {
    const ada = await signIn(person());
    const device = new PasskeyDevice();
    const passkey = String((await device.register(ada)).body.data.id);
    const identity = String((await ada.get(IDENTITIES)).body.data[0].id);
    const answers = await Promise.all([
      ada.delete(`${PASSKEYS}/${passkey}`),
      ada.delete(`${IDENTITIES}/${identity}`),
    ]);
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', '409 LAST_WAY_IN']);
  });
});
