import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { UsersService } from '../src/modules/users/users.service.js';
import type { UserId } from '../src/platform/access/caller.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';
import { createProject } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, ME, newCredentials, USERS } from './support/users.js';

const at = ({ userId }: Pick<TestClient, 'userId'>) => `${USERS}/${userId}`;

describe('changing a user', () => {
  let test: TestApp;
  let ada: TestClient;
  let moderator: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    moderator = await test.anonymous.signIn('moderator');
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(() => test.close());

  describe('by itself', () => {
    it('gives another name and nothing else', async () => {
      const user = await test.anonymous.signIn();
      const before = (await user.get(ME)).body.data;
      const { status, body, headers } = await user.patch(at(user), { name: ' Ada  Lovelace ' });
      expect([status, headers['etag']]).toEqual([200, '"2"']);
      expect(body.data).toEqual({
        ...before,
        name: 'Ada  Lovelace',
        version: 2,
        updatedAt: expect.any(String),
      });
      expect((await user.get(ME)).body.data).toEqual(body.data);
    });

    it.each([{ role: 'admin' }, { role: 'user' }, { disabled: false }, { name: 'Other', disabled: true }])(
      'is forbidden to change rights: %j',
      async (change) => {
        for (const caller of [ada, moderator]) {
          const before = (await caller.get(ME)).body.data;
          expect((await caller.patch(at(caller), change)).outcome).toBe('403 FORBIDDEN');
          expect((await caller.get(ME)).body.data).toEqual(before);
        }
      },
    );

    it('does not reach others', async () => {
      for (const caller of [ada, moderator]) {
        expect((await caller.patch(at(admin), { name: 'Mine' })).outcome).toBe('404 USER_NOT_FOUND');
        expect((await test.anonymous.patch(at(caller), { name: 'X' })).outcome).toBe('401 UNAUTHENTICATED');
      }
    });
  });

  describe('by an administrator', () => {
    it('takes more for rights than a permission to change names', async () => {
      const scope = {
        actor: { kind: 'user', id: moderator.userId as UserId },
        all: true,
        permission: 'users:rename',
      } as const;
      const service = test.app.get(UsersService, { strict: false });
      const change = (fields: object) => service.update(scope, ada.userId, NO_PRECONDITION, fields);
      expect(await change({ name: 'Ada' })).toMatchObject({ name: 'Ada' });
      await expect(change({ role: 'admin' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(change({ disabled: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    });

    it('acts on the very next request when a role is given and taken', async () => {
      const user = await test.anonymous.signIn();
      const list = async () => (await user.get(USERS)).status;
      expect(await list()).toBe(403);
      expect((await admin.patch(at(user), { role: 'moderator' })).body.data.role).toBe('moderator');
      expect(await list()).toBe(200);
      expect((await admin.patch(at(user), { role: 'user' })).status).toBe(200);
      expect(await list()).toBe(403);
    });

    it('acts on the very next request when a user is disabled and enabled', async () => {
      const credentials = newCredentials();
      const created = await admin.post(USERS, { ...credentials, name: 'New' });
      const { body } = await test.anonymous.post(LOGIN, credentials);
      const user = test.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
      const url = `${USERS}/${created.body.data.id}`;
      expect((await user.get(ME)).status).toBe(200);
      expect((await admin.patch(url, { disabled: true })).body.data.disabled).toBe(true);
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await test.anonymous.post(LOGIN, credentials)).outcome).toBe('401 INVALID_CREDENTIALS');
      expect((await admin.patch(url, { disabled: false })).status).toBe(200);
      expect((await test.anonymous.post(LOGIN, credentials)).status).toBe(200);
    });

    it('leaves events in the log', async () => {
      const user = await test.anonymous.signIn();
      await admin.patch(at(user), { role: 'moderator' });
      const about = test.logs.filter(({ recordId, userId }) => [recordId, userId].includes(user.userId));
      expect(about).toContainEqual(
        expect.objectContaining({ event: 'user_rights_changed', role: 'moderator', disabled: false }),
      );
      expect(about).toContainEqual(
        expect.objectContaining({ event: 'foreign_access', permission: 'users:write' }),
      );
      expect(about.filter(({ event }) => event === 'record_updated')).toHaveLength(1);
    });

    it('honours If-Match', async () => {
      const user = await test.anonymous.signIn();
      const change = (tag: string) => admin.patch(at(user), { disabled: true }, { 'if-match': tag });
      expect((await change('"2"')).outcome).toBe('412 PRECONDITION_FAILED');
      expect((await change('2')).outcome).toBe('400 VALIDATION_ERROR');
      expect((await change('"1"')).status).toBe(200);
      const nobody = await admin.patch(
        `${USERS}/${'f'.repeat(24)}`,
        { disabled: true },
        { 'if-match': '"1"' },
      );
      expect(nobody.outcome).toBe('404 USER_NOT_FOUND');
    });

    it.each([
      [{ name: '' }, ['name']],
      [{ name: null }, ['name']],
      [{ role: null }, ['role']],
      [{ role: 'root' }, ['role']],
      [{ disabled: null }, ['disabled']],
      [{ disabled: 'true' }, ['disabled']],
      [{ email: 'new@example.com' }, ['email']],
      [{ password: 'correct horse battery' }, ['password']],
      [{ version: 9, passwordHash: 'x' }, ['version', 'passwordHash']],
    ])('refuses %j', async (change, paths) => {
      const answer = await admin.patch(at(ada), change);
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', paths]);
    });
  });
});

describe('the last administrator', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const administrators = () =>
    test.connection.collection('users').countDocuments({ role: 'admin', disabled: false });

  it('can be neither demoted nor disabled', async () => {
    const admin = await test.anonymous.signIn('admin');
    for (const change of [{ role: 'user' }, { disabled: true }, { role: 'moderator', disabled: true }]) {
      expect((await admin.patch(at(admin), change)).outcome).toBe('409 LAST_ADMIN');
      const stale = await admin.patch(at(admin), change, { 'if-match': '"7"' });
      expect(stale.outcome).toBe('412 PRECONDITION_FAILED');
    }
    expect((await admin.patch(at(admin), { name: 'Root', role: 'admin', disabled: false })).status).toBe(200);
    expect(test.logs.filter(({ event }) => event === 'record_updated')).toHaveLength(1);

    const second = await test.anonymous.signIn('admin');
    expect((await admin.patch(at(admin), { role: 'user' })).status).toBe(200);
    expect((await second.patch(at(second), { disabled: true })).outcome).toBe('409 LAST_ADMIN');
    expect(await administrators()).toBe(1);
  });

  it('is known by its id in capitals, too', async () => {
    await test.connection.collection('users').updateMany({}, { $set: { role: 'user' } });
    const admin = await test.anonymous.signIn('admin');
    const shouted = `${USERS}/${admin.userId.toUpperCase()}`;
    expect((await admin.patch(shouted, { role: 'user' })).outcome).toBe('409 LAST_ADMIN');
    expect((await admin.delete(shouted)).outcome).toBe('409 LAST_ADMIN');
    expect(await administrators()).toBe(1);
  });

  it('stays when all administrators give up their rights at once', async () => {
    const admins = await Promise.all(Array.from({ length: 5 }, () => test.anonymous.signIn('admin')));
    const others = { _id: { $nin: admins.map(({ userId }) => new Types.ObjectId(userId)) } };
    await test.connection.collection('users').updateMany(others, { $set: { role: 'user' } });
    const answers = await Promise.all(admins.map((each) => each.patch(at(each), { disabled: true })));
    const outcomes = answers.map(({ outcome }) => outcome).toSorted();
    expect(outcomes).toEqual(['200', '200', '200', '200', '409 LAST_ADMIN']);
    expect(await administrators()).toBe(1);
  });

  it('stays when two demote each other', async () => {
    for (let round = 0; round < 8; round++) {
      await test.connection.collection('users').updateMany({}, { $set: { role: 'user' } });
      const [one, two] = [await test.anonymous.signIn('admin'), await test.anonymous.signIn('admin')];
      const answers = await Promise.all([
        one.patch(at(two), { role: 'user' }),
        two.patch(at(one), { role: 'user' }),
      ]);
      expect(answers.map(({ status }) => status)).toContain(200);
      expect(await administrators()).toBe(1);
    }
  });
});

describe('deleting a user', () => {
  let test: TestApp;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(() => test.close());

  const projectsOf = ({ userId }: TestClient) =>
    test.connection.collection('projects').countDocuments({ ownerId: new Types.ObjectId(userId) });

  it('deletes what belongs to it, and nothing else', async () => {
    const [user, other] = [await test.anonymous.signIn(), await test.anonymous.signIn()];
    const owned = Array.from({ length: 1_201 }, (_, n) => ({
      ownerId: new Types.ObjectId(user.userId),
      name: `Project ${n}`,
      version: 1,
    }));
    await test.connection.collection('projects').insertMany(owned);
    await createProject(other);
    const { status, body } = await admin.delete(at(user), { 'if-match': '"1"' });
    expect([status, body]).toEqual([200, { success: true, message: 'User deleted' }]);
    expect([await projectsOf(user), await projectsOf(other)]).toEqual([0, 1]);
    expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await admin.get(at(user))).outcome).toBe('404 USER_NOT_FOUND');
    expect((await admin.delete(at(user))).outcome).toBe('404 USER_NOT_FOUND');
    const deleted = { event: 'user_deleted', userId: user.userId };
    // Its projects, and what the audit has of it, where that is kept.
    const removed = { event: 'records_removed', ownerId: user.userId, count: expect.any(Number) };
    expect(test.logs).toMatchObject(
      expect.arrayContaining([deleted, removed].map((event) => expect.objectContaining(event))),
    );
  });

  it('needs the permission and the right version', async () => {
    const [user, moderator] = [await test.anonymous.signIn(), await test.anonymous.signIn('moderator')];
    expect((await test.anonymous.delete(at(user))).outcome).toBe('401 UNAUTHENTICATED');
    for (const caller of [user, moderator]) {
      expect((await caller.delete(at(user))).outcome).toBe('403 FORBIDDEN');
    }
    expect((await admin.delete(at(user), { 'if-match': '"2"' })).outcome).toBe('412 PRECONDITION_FAILED');
    expect((await user.get(ME)).body.data.disabled).toBe(false);
  });

  describe('by itself', () => {
    const remove = (caller: TestClient, who: TestClient, body: object) =>
      caller.post(`${at(who)}/delete`, body);
    const right = { password: PASSWORD };

    it('needs its password, where it sends one', async () => {
      const user = await test.anonymous.signIn();
      await createProject(user);
      expect((await remove(user, user, { password: 'wrong' })).outcome).toBe('401 INVALID_CREDENTIALS');
      expect(await projectsOf(user)).toBe(1);
      const { status, body } = await remove(user, user, right);
      expect([status, body]).toEqual([200, { success: true, message: 'User deleted' }]);
      expect(await projectsOf(user)).toBe(0);
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('reaches nobody else, whoever asks', async () => {
      const user = await test.anonymous.signIn();
      for (const caller of [await test.anonymous.signIn(), admin]) {
        expect((await remove(caller, user, right)).outcome).toBe('404 USER_NOT_FOUND');
      }
      expect((await remove(test.anonymous, user, right)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await user.get(ME)).status).toBe(200);
    });
  });

  it('is not in the way of users where there is no administrator', async () => {
    const alone = await createTestApp();
    const user = await alone.anonymous.signIn();
    const { status } = await user.post(`${at(user)}/delete`, { password: PASSWORD });
    await alone.close();
    expect(status).toBe(200);
  });

  it('leaves the last administrator', async () => {
    expect((await admin.delete(at(admin))).outcome).toBe('409 LAST_ADMIN');
    expect((await admin.post(`${at(admin)}/delete`, { password: PASSWORD })).outcome).toBe('409 LAST_ADMIN');
    expect((await admin.get(ME)).body.data.disabled).toBe(false);
  });
});
