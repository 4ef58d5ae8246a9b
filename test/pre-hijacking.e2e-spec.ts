import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { Types } from 'mongoose';
import { Accounts, CHANGE_EMAIL, CONFIRM_EMAIL, NEW_PASSWORD, VERIFY } from './support/accounts.js';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { PROJECTS } from './support/projects.js';
import { codeOf, OTP } from './support/second-factor.js';
import { SupabaseProject } from './support/supabase.js';
import { IDENTITIES, withToken } from './support/supabase-clients.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, newCredentials, REFRESH } from './support/users.js';

const REFUSED = '403 EMAIL_NOT_VERIFIED';

let supabase: SupabaseProject;
let accounts: Accounts;

beforeAll(async () => {
  supabase = await SupabaseProject.start();
  accounts = await Accounts.start(supabase.env);
});
afterAll(async () => {
  await accounts.close();
  await supabase.close();
});

const collection = (name: string) => accounts.test.connection.collection(name);
/** As an older release left it, which asked for no verified address. */
const asUnverified = (client: TestClient) =>
  collection('users').updateOne(
    { _id: new Types.ObjectId(client.userId) },
    { $set: { emailVerified: false } },
  );

describe('without a verified address there is', () => {
  it.each([
    ['no API key', (client: TestClient) => client.post(API_KEYS, { name: 'a' })],
    ['no second factor', (client: TestClient) => client.post(`${OTP}/enable`, { password: NEW_PASSWORD })],
    ['no confirmation of one', (client: TestClient) => client.post(`${OTP}/confirm`, { otp: '123456' })],
    [
      'no linked identity',
      async (client: TestClient) =>
        client.post(IDENTITIES, { accessToken: await supabase.token(supabase.person()) }),
    ],
  ])('%s', async (_, send) => {
    const registered = await accounts.newUser();
    const client = await accounts.signIn(registered);
    expect((await send(client)).outcome).toBe(REFUSED);
    await accounts.stranger().post(VERIFY, { token: registered.verification });
    expect((await send(client)).outcome).not.toBe(REFUSED);
  });
});

describe('whoever resets the password at an address that was not verified', () => {
  /** What a stranger who has registered the address of somebody else can have set up. */
  async function hijacked() {
    const registered = await accounts.newVerifiedUser();
    const stranger = await accounts.signIn(registered);
    const program = withKey(accounts.test, (await createKey(stranger)).key);
    const person = supabase.person();
    const accessToken = await supabase.token(person);
    await stranger.post(IDENTITIES, { accessToken });
    const { body } = await stranger.post(`${OTP}/enable`, { password: registered.password });
    await stranger.post(`${OTP}/confirm`, { otp: codeOf(String(body.data.secret)) });
    await stranger.post(PROJECTS, { name: 'Planted' });
    const away = newCredentials().email;
    await stranger.post(CHANGE_EMAIL, { email: away });
    const { token } = await accounts.mailTo(away);
    await asUnverified(stranger);
    return { registered, stranger, program, guest: withToken(accounts.test, accessToken), person, token };
  }

  it('owns the account: nothing that was set up before lets anybody else in', async () => {
    const { registered, stranger, program, guest, person, token } = await hijacked();
    for (const each of [stranger, program, guest]) {
      expect((await each.get(ME)).body.data.id).toBe(registered.id);
    }
    const { email } = registered;
    expect((await accounts.reset(await accounts.linkFor({ email }))).status).toBe(200);

    expect((await stranger.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    const { refreshToken } = stranger.signedIn;
    expect((await stranger.post(REFRESH, { refreshToken })).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    expect((await program.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await guest.get(ME)).body.data).toMatchObject({ email: person.email });
    expect((await accounts.stranger().post(CONFIRM_EMAIL, { token })).outcome).toBe(
      '400 INVALID_RESET_TOKEN',
    );

    const victim = await accounts.signIn({ email, password: NEW_PASSWORD });
    expect((await victim.get(ME)).body.data).toMatchObject({
      id: registered.id,
      emailVerified: true,
      otpEnabled: false,
    });
    expect((await victim.get(API_KEYS)).body.data).toEqual([]);
    expect((await victim.get(IDENTITIES)).body.data).toEqual([]);
    // Records stay: most people who never verified their address are no victims.
    expect((await victim.get(PROJECTS)).body.data).toHaveLength(1);
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'credentials_removed', userId: registered.id }),
    );
  });

  it('leaves no device known but its own', async () => {
    const registered = await accounts.newUser();
    await accounts.signIn(registered);
    const ownerId = new Types.ObjectId(registered.id);
    expect(await collection('knowndevices').countDocuments({ ownerId })).toBe(1);
    await accounts.reset(await accounts.linkFor(registered));
    expect(await collection('knowndevices').countDocuments({ ownerId })).toBe(0);
  });

  it('declares every collection of credentials as such', async () => {
    const models = Object.values(
      accounts.test.app.get<typeof accounts.test.connection>(getConnectionToken()).models,
    );
    const credentials = models
      .filter(({ schema }) => schema.path('ownerId')?.options['credential'])
      .map(({ modelName }) => modelName);
    expect(credentials.toSorted()).toEqual(
      ['ApiKey', 'Identity', 'KnownDevice', 'MailLink', 'Passkey', 'SecondFactor', 'Session'].toSorted(),
    );
  });
});

describe('whoever resets the password at a verified address', () => {
  it('keeps keys, identities and the second factor, and loses the sessions', async () => {
    const registered = await accounts.newVerifiedUser();
    const client = await accounts.signIn(registered);
    const program = withKey(accounts.test, (await createKey(client)).key);
    await accounts.reset(await accounts.linkFor(registered));
    expect((await client.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await program.get(ME)).status).toBe(200);
  });
});

describe('a mailed link', () => {
  it('counts for nothing once its owner has another address', async () => {
    const registered = await accounts.newVerifiedUser();
    const token = await accounts.linkFor(registered);
    await collection('users').updateOne(
      { _id: new Types.ObjectId(registered.id) },
      { $set: { email: newCredentials().email } },
    );
    expect((await accounts.reset(token)).outcome).toBe('400 INVALID_RESET_TOKEN');
  });

  it('that somebody else asked for verifies an address that was left for nobody', async () => {
    const registered = await accounts.newUser();
    const email = newCredentials().email;
    await collection('users').updateOne({ _id: new Types.ObjectId(registered.id) }, { $set: { email } });
    await accounts.stranger().post(VERIFY, { token: registered.verification });
    const { body } = await accounts.stranger().post(LOGIN, { email, password: registered.password });
    expect(body.data.user.emailVerified).toBe(false);
  });
});
