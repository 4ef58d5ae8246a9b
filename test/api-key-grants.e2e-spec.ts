import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { PROJECTS } from './support/projects.js';
import { newPerson } from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, newCredentials, USERS } from './support/users.js';

let test: TestApp;
let admin: TestClient;

beforeAll(async () => {
  test = await createTestApp();
  admin = await test.anonymous.signIn('admin');
});
afterAll(() => test.close());

const RISKY: readonly [string, (client: TestClient) => Promise<{ readonly outcome: string }>][] = [
  ['a new user', (client) => client.post(USERS, { ...newCredentials(), name: 'New', role: 'admin' })],
  ['the end of a user', async (client) => client.delete(`${USERS}/${(await newPerson(test)).id}`)],
  ['a role', async (client) => client.patch(`${USERS}/${(await newPerson(test)).id}`, { role: 'admin' })],
  ['a lock', async (client) => client.patch(`${USERS}/${(await newPerson(test)).id}`, { disabled: true })],
];

describe('an API key', () => {
  const keyOf = async (owner: TestClient, fields: object = {}) =>
    withKey(test, (await createKey(owner, fields)).key);

  it.each(RISKY)('of an administrator, whatever it may, is not enough for %s', async (_, send) => {
    const permissions = ['users:read', 'users:write', 'projects:read', 'projects:write'];
    for (const fields of [{}, { permissions }]) {
      expect((await send(await keyOf(admin, fields))).outcome).toMatch(/^403/);
    }
  });

  it('with users:create by name creates users, without rights', async () => {
    const program = await keyOf(admin, { permissions: ['users:create'] });
    const create = (fields: object) => program.post(USERS, { ...newCredentials(), name: 'New', ...fields });
    expect((await create({})).body.data.role).toBe('user');
    expect((await create({ role: 'user' })).status).toBe(201);
    expect((await create({ role: 'moderator' })).outcome).toBe('403 FORBIDDEN');
    expect((await create({ role: 'admin' })).outcome).toBe('403 FORBIDDEN');
    expect((await program.get(USERS)).outcome).toBe('403 FORBIDDEN');
  });

  it('has no permission that its maker lacks, and loses what its maker loses', async () => {
    const moderator = await test.anonymous.signIn('moderator');
    const asked = await moderator.post(API_KEYS, { name: 'a', permissions: ['users:create'] });
    expect([asked.outcome, faultyPaths(asked)]).toEqual(['403 FORBIDDEN', ['permissions']]);
    const program = await keyOf(moderator, { permissions: ['users:read'] });
    expect((await program.get(USERS)).status).toBe(200);
    expect((await program.get(`${PROJECTS}?owner=all`)).outcome).toBe('403 FORBIDDEN');
    await admin.patch(`${USERS}/${moderator.userId}`, { role: 'user' });
    expect((await program.get(USERS)).outcome).toBe('403 FORBIDDEN');
    expect((await program.get(PROJECTS)).status).toBe(200);
  });

  it('that may only read writes nothing', async () => {
    const owner = await test.anonymous.signIn();
    const { body } = await owner.post(PROJECTS, { name: 'a' });
    const program = await keyOf(owner, { readOnly: true });
    const at = `${PROJECTS}/${String(body.data.id)}`;
    expect([(await program.get(at)).status, (await program.head(at)).status]).toEqual([200, 200]);
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      expect((await program.send(method, at, { name: 'b' })).outcome).toBe('403 FORBIDDEN');
    }
    expect((await program.post(PROJECTS, { name: 'b' })).outcome).toBe('403 FORBIDDEN');
    expect((await owner.get(API_KEYS)).body.data[0].readOnly).toBe(true);
  });

  it.each([
    ['permissions that there are not', { permissions: ['users:delete'] }, 'permissions'],
    ['one twice', { permissions: ['users:read', 'users:read'] }, 'permissions'],
    ['no list', { permissions: 'users:read' }, 'permissions'],
    ['a readOnly that is a text', { readOnly: 'yes' }, 'readOnly'],
  ])('is not made with %s', async (_, fields, path) => {
    const answer = await admin.post(API_KEYS, { name: 'a', ...fields });
    expect([answer.outcome, faultyPaths(answer)[0]?.split('.')[0]]).toEqual(['400 VALIDATION_ERROR', path]);
  });

  it('of an older release keeps what its user may, but for creating users', async () => {
    const { id, key } = await createKey(admin);
    const unset = { permissions: 1, readOnly: 1 };
    await test.connection
      .collection('api_keys')
      .updateOne({ _id: new Types.ObjectId(id) }, { $unset: unset, $set: { expiresAt: null } });
    const program = withKey(test, key);
    expect((await program.get(USERS)).status).toBe(200);
    expect((await program.post(USERS, { ...newCredentials(), name: 'New' })).outcome).toBe('403 FORBIDDEN');
  });
});
