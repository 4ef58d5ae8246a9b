import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { createKey, withKey } from './support/api-keys.js';
import { newPerson, newProtected, type Person, signedIn, signIn } from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { ME, REFRESH, USERS } from './support/users.js';

let test: TestApp;
let admin: TestClient;

beforeAll(async () => {
  test = await createTestApp();
  admin = await test.anonymous.signIn('admin');
});
afterAll(() => test.close());

describe('a user who was disabled and is enabled again', () => {
  const toggle = async (id: string) => {
    for (const disabled of [true, false]) await admin.patch(`${USERS}/${id}`, { disabled });
  };

  it('has none of its sessions, in no process, and signs in anew', async () => {
    const person: Person = await newPerson(test);
    const { body } = await signIn(test, person);
    const client = signedIn(test, await signIn(test, person), person.address);
    expect((await client.get(ME)).status).toBe(200);
    await toggle(person.id);
    expect((await client.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    const refresh = await test.anonymous.post(REFRESH, { refreshToken: String(body.data.refreshToken) });
    expect(refresh.outcome).toBe('401 INVALID_REFRESH_TOKEN');
    const ownerId = new Types.ObjectId(person.id);
    expect(await test.connection.collection('sessions').countDocuments({ ownerId })).toBe(0);
    expect((await signIn(test, person)).status).toBe(200);
    expect(test.logs).toContainEqual(
      expect.objectContaining({ event: 'credentials_removed', userId: person.id }),
    );
  });

  it('has none of its keys, and keeps its second factor', async () => {
    const person = await newProtected(test);
    const program = withKey(test, (await createKey(person.client)).key);
    expect((await program.get(ME)).status).toBe(200);
    await toggle(person.id);
    expect((await program.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await signIn(test, person)).outcome).toBe('401 OTP_REQUIRED');
  });

  it('keeps its sessions when only its role changes', async () => {
    const client = await test.anonymous.signIn();
    await admin.patch(`${USERS}/${client.userId}`, { role: 'moderator' });
    expect((await client.get(USERS)).status).toBe(200);
  });
});
