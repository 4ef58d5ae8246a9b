import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { eventually } from './support/mails.js';
import {
  accept,
  addressOf,
  INVITATIONS,
  invite,
  newMember,
  newOrganization,
  ORGANIZATIONS,
  within,
} from './support/organizations.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { isOverloaded, type TestClient, untilTaken } from './support/test-client.js';
import { LOGIN, newCredentials, REGISTER, USERS } from './support/users.js';

const PROJECTS = '/api/v1/projects';
const NOT_THERE = '404 ORGANIZATION_NOT_FOUND';

let test: TestApp;
/** Another process of the same product. */
let elsewhere: TestApp;
let admin: TestClient;
let owner: TestClient;
let stranger: TestClient;
let organization: string;

beforeAll(async () => {
  const config = testConfig();
  const shared = {
    MONGODB_URI: config.of(DatabaseConfig).mongodbUri,
    JWT_SECRET: config.of(CryptoConfig).jwtSecret,
  };
  test = await createTestApp(shared);
  elsewhere = await createTestApp({ ...shared, EXECUTIONS: 'off' });
  [admin, owner, stranger] = await Promise.all([
    test.anonymous.signIn('admin'),
    test.anonymous.signIn(),
    test.anonymous.signIn(),
  ]);
  organization = await newOrganization(owner, 'Analytical Engines');
});
afterAll(async () => {
  await elsewhere.close();
  await test.close();
});

const idOf = (id: string) => new Types.ObjectId(id);
const at = (id: string, ...rest: string[]) => [ORGANIZATIONS, id, ...rest].join('/');
const memberAt = (id: string, { userId }: TestClient) => at(id, 'members', userId);
const member = (role: Parameters<typeof newMember>[3], id = organization) => newMember(test, owner, id, role);

describe('an organization', () => {
  it('is made by somebody with a verified address, who owns it', async () => {
    const credentials = newCredentials();
    await test.anonymous.from('10.9.8.7').post(REGISTER, credentials);
    const unverified = await test.anonymous.signInAs(credentials);
    expect((await unverified.post(ORGANIZATIONS, { name: 'X' })).outcome).toBe('403 EMAIL_NOT_VERIFIED');
    const { body } = await owner.get(at(organization));
    expect(body.data).toMatchObject({
      id: organization,
      name: 'Analytical Engines',
      role: 'owner',
      version: 1,
    });
    expect((await owner.get(ORGANIZATIONS)).body.data).toContainEqual(body.data);
    expect((await stranger.get(ORGANIZATIONS)).body.data).toEqual([]);
  });

  it('is made once for an Idempotency-Key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const [first, again] = [
      await owner.post(ORGANIZATIONS, { name: 'Once' }, key),
      await owner.post(ORGANIZATIONS, { name: 'Once' }, key),
    ];
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('lets no administrator touch an owner, and nobody remove somebody twice', async () => {
    const [manager, second] = [await member('admin'), await member('owner')];
    const denied = '403 FORBIDDEN';
    expect((await manager.delete(memberAt(organization, second))).outcome).toBe(denied);
    expect((await manager.patch(memberAt(organization, second), { role: 'viewer' })).outcome).toBe(denied);
    expect((await owner.delete(memberAt(organization, second))).status).toBe(200);
    expect((await owner.delete(memberAt(organization, second))).outcome).toBe('404 MEMBER_NOT_FOUND');
  });

  it('tells its members who the others are', async () => {
    const id = await newOrganization(owner);
    const viewer = await member('viewer', id);
    const { body } = await viewer.get(at(id, 'members'));
    expect(body.data).toEqual([
      expect.objectContaining({ userId: viewer.userId, role: 'viewer', email: await addressOf(viewer) }),
      expect.objectContaining({ userId: owner.userId, role: 'owner', joinedAt: expect.any(String) }),
    ]);
    const first = await viewer.get(`${at(id, 'members')}?limit=1`);
    const next = `${at(id, 'members')}?limit=1&cursor=${first.body.pagination.nextCursor}`;
    expect((await viewer.get(next)).body.data).toEqual(body.data.slice(1));
  });

  it('has always an owner: of two who leave at once, one stays', async () => {
    const id = await newOrganization(owner);
    const second = await member('owner', id);
    const left = await Promise.all([
      owner.delete(memberAt(id, owner)),
      second.patch(memberAt(id, second), { role: 'viewer' }),
      owner.patch(memberAt(id, second), { role: 'admin' }),
    ]);
    expect(left.filter(({ status }) => status >= 500)).toEqual([]);
    const owners = await test.connection
      .collection('organization_members')
      .find({ organizationId: idOf(id), role: 'owner' })
      .toArray();
    expect(owners).toHaveLength(1);
  });

  it('keeps the account of its last owner', async () => {
    const founder = await test.anonymous.signIn();
    const id = await newOrganization(founder);
    const second = await newMember(test, founder, id, 'admin');
    const leaving = () => founder.delete(memberAt(id, founder));
    expect((await leaving()).outcome).toBe('409 LAST_OWNER');
    expect((await founder.post(`${USERS}/${founder.userId}/delete`)).outcome).toBe('409 LAST_OWNER');
    expect((await admin.delete(`${USERS}/${founder.userId}`)).outcome).toBe('409 LAST_OWNER');
    const record = await within(founder, id).post(PROJECTS, { name: 'Stays' });
    expect((await founder.patch(memberAt(id, second), { role: 'owner' })).status).toBe(200);
    expect((await founder.post(`${USERS}/${founder.userId}/delete`)).status).toBe(200);
    // What the team has stays, and who made it is known.
    const { body } = await within(second, id).get(`${PROJECTS}/${record.body.data.id}`);
    expect(body.data).toMatchObject({ ownerId: id, createdBy: founder.userId });
    expect((await second.get(at(id, 'members'))).body.data).toHaveLength(1);
  });

  it('goes with everything that belongs to it', async () => {
    const id = await newOrganization(owner);
    const viewer = await member('viewer', id);
    const token = await invite(test, owner, id, stranger, 'member');
    for (let n = 0; n < 3; n++) await within(owner, id).post(PROJECTS, { name: `P ${n}` });
    expect((await viewer.delete(at(id))).outcome).toBe('403 FORBIDDEN');
    const [removed] = await Promise.all([owner.delete(at(id)), accept(stranger, token)]);
    expect(removed.status).toBe(200);
    const ofIt = { organizationId: idOf(id) };
    const count = (name: string, filter: object) => test.connection.collection(name).countDocuments(filter);
    expect(await count('organization_members', ofIt)).toBe(0);
    expect(await count('organization_invitations', ofIt)).toBe(0);
    await eventually(async () => (await count('projects', { ownerId: idOf(id) })) === 0);
    expect((await accept(stranger, token)).outcome).toBe('400 INVALID_INVITATION');
    expect((await within(owner, id).get(PROJECTS)).outcome).toBe(NOT_THERE);
    expect((await owner.get(at(id))).outcome).toBe(NOT_THERE);
  });
});

describe('an invitation', () => {
  it('is for one address, and works once', async () => {
    const id = await newOrganization(owner);
    const invited = await test.anonymous.signIn();
    const token = await invite(test, owner, id, invited, 'member');
    expect((await invited.get(INVITATIONS)).body.data).toEqual([
      expect.objectContaining({ organizationId: id, role: 'member', invitedBy: owner.userId }),
    ]);
    // Forwarded.
    expect((await accept(stranger, token)).outcome).toBe('400 INVALID_INVITATION');
    expect((await stranger.get(INVITATIONS)).body.data).toEqual([]);
    const answers = await Promise.all([1, 2, 3].map(() => accept(invited, token)));
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual([
      '200',
      '400 INVALID_INVITATION',
      '400 INVALID_INVITATION',
    ]);
    const email = await addressOf(invited);
    expect((await owner.post(at(id, 'invitations'), { email, role: 'admin' })).outcome).toBe(
      '409 ALREADY_A_MEMBER',
    );
  });

  it('ends when it is sent again, withdrawn or declined, expires, or its sender may invite no more', async () => {
    const id = await newOrganization(owner);
    const invited = await test.anonymous.signIn();
    const invalid = async (token: string) =>
      expect((await accept(invited, token)).outcome).toBe('400 INVALID_INVITATION');
    const first = await invite(test, owner, id, invited, 'viewer');
    const second = await invite(test, owner, id, invited, 'admin');
    await invalid(first);
    const open = await owner.get(at(id, 'invitations'));
    expect(open.body.data).toHaveLength(1);
    expect((await owner.delete(at(id, 'invitations', open.body.data[0].id))).status).toBe(200);
    await invalid(second);
    const third = await invite(test, owner, id, invited, 'viewer');
    expect((await invited.post(`${INVITATIONS}/decline`, { token: third })).status).toBe(200);
    await invalid(third);
    const fourth = await invite(test, owner, id, invited, 'viewer');
    await test.connection
      .collection('organization_invitations')
      .updateOne({ organizationId: idOf(id) }, { $set: { expiresAt: new Date(0) } });
    await invalid(fourth);
    const second_ = await member('admin', id);
    const fifth = await invite(test, second_, id, invited, 'viewer');
    await owner.patch(memberAt(id, second_), { role: 'member' });
    await invalid(fifth);
    expect((await owner.get(at(id, 'members'))).body.data).toHaveLength(2);
    const third_ = await member('admin', id);
    const sixth = await invite(test, third_, id, invited, 'viewer');
    for (const disabled of [true, false]) {
      expect((await admin.patch(`${USERS}/${third_.userId}`, { disabled })).status).toBe(200);
      await invalid(sixth);
    }
  });
});

describe('bounds', () => {
  it('hold under fifty requests at once', async () => {
    const busy = await test.anonymous.signIn();
    const collection = test.connection.collection('organization_members');
    const userId = idOf(busy.userId);
    const filled = Array.from({ length: 97 }, (_, n) => ({
      organizationId: idOf(n.toString(16).padStart(24, '0')),
      userId,
      role: 'viewer',
      version: 1,
      createdAt: new Date(),
      updatedAt: new Date(),
    }));
    await collection.insertMany(filled);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        untilTaken(() => busy.post(ORGANIZATIONS, { name: `Org ${n}` }), isOverloaded),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(
      new Set(['201', '409 ORGANIZATION_LIMIT_REACHED']),
    );
    expect(await collection.countDocuments({ userId })).toBe(100);
  });
});

describe('a member who is removed', () => {
  it('is nobody at once, in every process, whatever was remembered', async () => {
    const former = await member('member');
    const credentials = { ...newCredentials(), email: await addressOf(former) };
    const { body } = await elsewhere.anonymous.post(LOGIN, credentials);
    const there = elsewhere.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
    const asks = () => within(there, organization).get(PROJECTS);
    expect((await asks()).status).toBe(200);
    expect((await owner.delete(memberAt(organization, former))).status).toBe(200);
    expect((await within(former, organization).get(PROJECTS)).outcome).toBe(NOT_THERE);
    await eventually(async () => (await asks()).outcome === NOT_THERE, 2_000);
  });
});
