// Alone in its process: what is transferable stays so.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { FEATURES } from './features/features.js';
import { describeTransfers } from './support/describe-transfers.js';
import { createRecord, full, nextNumber, type RecordJson } from './support/feature-bodies.js';
import type { Feature } from './support/feature.js';
import { newFile } from './support/files.js';
import { FILES } from './support/forms.js';
import {
  accept,
  invite,
  newMember,
  newOrganization,
  ORGANIZATIONS,
  within,
} from './support/organizations.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { ME } from './support/users.js';

const PROJECTS = '/api/v1/projects';
const NOT_THERE = '404 ORGANIZATION_NOT_FOUND';

let test: TestApp;
let admin: TestClient;
let owner: TestClient;
let stranger: TestClient;
let organization: string;

beforeAll(async () => {
  test = await createTestApp();
  [admin, owner, stranger] = await Promise.all([
    test.anonymous.signIn('admin'),
    test.anonymous.signIn(),
    test.anonymous.signIn(),
  ]);
  organization = await newOrganization(owner);
});
afterAll(() => test.close());

const member = (role: Parameters<typeof newMember>[3]) => newMember(test, owner, organization, role);

describe.each(FEATURES.filter(({ shared }) => !shared))('$path in an organization', (feature: Feature) => {
  let record: RecordJson;
  let viewer: TestClient;
  let former: TestClient;
  let foreign: string;
  let inside: TestClient;

  beforeAll(async () => {
    viewer = await member('viewer');
    former = await member('member');
    await owner.delete(`${ORGANIZATIONS}/${organization}/members/${former.userId}`);
    foreign = await newOrganization(stranger);
    inside = within(owner, organization);
    record = await createRecord(feature, { caller: inside, admin });
  });

  const bodyOf = (caller: TestClient) => full(feature, { caller, admin }, nextNumber(feature));

  it('belongs to it, and says who has created it', async () => {
    expect(record).toMatchObject({ ownerId: organization, createdBy: owner.userId });
    expect((await within(viewer, organization).get(`${feature.path}/${record.id}`)).body.data).toEqual(
      record,
    );
    const changed = await inside.patch(`${feature.path}/${record.id}`, {});
    expect(changed.body.data).toMatchObject({ ownerId: organization, createdBy: owner.userId });
    record = changed.body.data as RecordJson;
  });

  it('is there for nobody else: no route leads to it', async () => {
    const outsiders: [string, TestClient, string][] = [
      ['a member without the header', owner, `404 `],
      ['a viewer without the header', viewer, `404 `],
      ['another user', stranger, '404 '],
      ['another user with the header', within(stranger, organization), NOT_THERE],
      ['an organization of its own', within(stranger, foreign), '404 '],
      ['a former member', former, '404 '],
      ['a former member with the header', within(former, organization), NOT_THERE],
      ['no organization', within(owner, 'x'), NOT_THERE],
      ['an administrator with the header', within(admin, organization), NOT_THERE],
    ];
    const address = `${feature.path}/${record.id}`;
    const leaks: string[] = [];
    for (const [name, caller, expected] of outsiders) {
      const attempts = {
        get: await caller.get(address),
        head: await caller.get(address, { 'if-none-match': `"${record.version}"` }),
        put: await caller.put(address, await bodyOf(inside)),
        patch: await caller.patch(address, {}),
        delete: await caller.delete(address),
      };
      for (const [method, { outcome }] of Object.entries(attempts)) {
        if (!outcome.startsWith(expected)) leaks.push(`${name}: ${method} ${outcome}`);
      }
      const { text } = await caller.get(`${feature.path}?limit=100`);
      if (text.includes(record.id)) leaks.push(`${name}: list`);
    }
    for (const [method, answer] of [
      ['post', await within(viewer, organization).post(feature.path, await bodyOf(inside))],
      ['put', await within(viewer, organization).put(address, await bodyOf(inside))],
      ['patch', await within(viewer, organization).patch(address, {})],
      ['delete', await within(viewer, organization).delete(address)],
    ] as const) {
      if (answer.outcome !== '403 FORBIDDEN') leaks.push(`a viewer: ${method} ${answer.outcome}`);
    }
    expect(leaks).toEqual([]);
    expect((await inside.get(address)).body.data).toEqual(record);
  });

  it('is read by the owner parameter where somebody may read everything, and never by both', async () => {
    const listed = await admin.get(`${feature.path}?owner=${organization}&limit=100`);
    expect(listed.body.data).toContainEqual(record);
    expect((await stranger.get(`${feature.path}?owner=${organization}`)).outcome).toBe('403 FORBIDDEN');
    expect((await inside.get(`${feature.path}?owner=${organization}`)).outcome).toBe('403 FORBIDDEN');
    const member_ = await test.anonymous.signIn('admin');
    await accept(member_, await invite(test, owner, organization, member_, 'viewer'));
    expect((await within(member_, organization).get(`${feature.path}?owner=all`)).outcome).toBe(
      '400 VALIDATION_ERROR',
    );
  });

  it('has cursors that lead nowhere else', async () => {
    for (let n = 0; n < 2; n++) {
      await createRecord(feature, { caller: inside, admin });
      await createRecord(feature, { caller: owner, admin });
    }
    const cursor = String((await inside.get(`${feature.path}?limit=1`)).body.pagination.nextCursor);
    const next = `${feature.path}?limit=1&cursor=${cursor}`;
    expect((await inside.get(next)).status).toBe(200);
    const others = [owner, within(viewer, organization), within(stranger, foreign), stranger];
    const outcomes = await Promise.all(others.map(async (caller) => (await caller.get(next)).outcome));
    expect(outcomes).toEqual(others.map(() => '400 INVALID_CURSOR'));
  });

  it('has Idempotency-Keys of its own', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = await bodyOf(inside);
    const first = await inside.post(feature.path, body, key);
    const again = await inside.post(feature.path, body, key);
    expect([first.status, again.body.data.id]).toEqual([201, first.body.data.id]);
    expect((await within(former, organization).post(feature.path, body, key)).outcome).toBe(NOT_THERE);
    const own = await owner.post(feature.path, await bodyOf(owner), key);
    expect(own.body.data).toMatchObject({ ownerId: owner.userId });
    expect(own.body.data.id).not.toBe(first.body.data.id);
  });

  it('says that answers depend on the header', async () => {
    expect((await owner.get(feature.path)).headers['vary']).toContain('X-Organization-Id');
  });
});

describe('an API key that is made in an organization', () => {
  it('works in it alone, as its maker may', async () => {
    const maker = await member('admin');
    const own = within(maker, organization);
    const { key } = await createKey(own);
    const program = withKey(test, key);
    const made = await program.post(PROJECTS, { name: randomUUID() });
    expect(made.body.data).toMatchObject({ ownerId: organization, createdBy: maker.userId });
    expect((await within(program, organization).get(PROJECTS)).status).toBe(200);
    const foreign = await newOrganization(maker);
    const elsewhere = [within(program, foreign).get(PROJECTS), within(program, maker.userId).get(PROJECTS)];
    for (const { outcome } of await Promise.all(elsewhere)) expect(outcome).toBe(NOT_THERE);
    expect((await program.get(ME)).outcome).toBe('403 FORBIDDEN');
    expect((await own.post(API_KEYS, { name: 'K', permissions: ['projects:read'] })).outcome).toMatch(
      /400 VALIDATION_ERROR/,
    );
    expect((await maker.get(API_KEYS)).body.data).toEqual([]);
    expect((await within(owner, organization).get(API_KEYS)).body.data).toHaveLength(1);
    await owner.patch(`${ORGANIZATIONS}/${organization}/members/${maker.userId}`, { role: 'viewer' });
    expect((await own.get(API_KEYS)).outcome).toBe('403 FORBIDDEN');
    expect((await program.post(PROJECTS, { name: randomUUID() })).outcome).toBe('403 FORBIDDEN');
    expect((await program.get(PROJECTS)).status).toBe(200);
    await owner.delete(`${ORGANIZATIONS}/${organization}/members/${maker.userId}`);
    expect((await program.get(PROJECTS)).outcome).toBe('401 UNAUTHENTICATED');
    await accept(maker, await invite(test, owner, organization, maker, 'admin'));
    expect((await program.get(PROJECTS)).outcome).toBe('401 UNAUTHENTICATED');
  });

  it('ends for good when its maker is disabled', async () => {
    const maker = await member('admin');
    const program = withKey(test, (await createKey(within(maker, organization))).key);
    expect((await program.get(PROJECTS)).status).toBe(200);
    for (const disabled of [true, false]) await admin.patch(`/api/v1/users/${maker.userId}`, { disabled });
    expect((await program.get(PROJECTS)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await within(owner, organization).get(API_KEYS)).body.data).toEqual([]);
  });

  it('is the only one that works there', async () => {
    const program = withKey(test, (await createKey(owner)).key);
    expect((await within(program, organization).get(PROJECTS)).outcome).toBe(NOT_THERE);
  });
});

describeTransfers(() => ({ test, admin, owner, stranger, organization }));

describe('files in an organization', () => {
  it('are read by its viewers, kept by its members, and by nobody else', async () => {
    const [viewer, keeper] = [await member('viewer'), await member('member')];
    const id = await newFile(within(keeper, organization));
    const path = `${FILES}/${id}/content`;
    expect((await within(viewer, organization).get(path)).text).toBe('hers');
    expect((await within(viewer, organization).delete(`${FILES}/${id}`)).outcome).toBe('403 FORBIDDEN');
    expect((await within(viewer, organization).post(FILES)).outcome).toBe('403 FORBIDDEN');
    expect((await within(stranger, organization).get(path)).outcome).toBe(NOT_THERE);
    for (const outside of [keeper, viewer, owner, stranger]) {
      expect((await outside.get(path)).outcome).toBe('404 FILE_NOT_FOUND');
      expect((await outside.get(FILES)).body.data).toEqual([]);
    }
    for (const maker of [viewer, keeper]) {
      const { body } = await within(maker, organization).post(`${FILES}/${id}/links`, { expiresIn: 60 });
      const { pathname, search } = new URL(String(body.data.url));
      const shared = async () => (await test.anonymous.get(pathname + search)).outcome;
      expect(await shared()).toBe('200');
      await owner.delete(`${ORGANIZATIONS}/${organization}/members/${maker.userId}`);
      expect(await shared()).toBe('404 FILE_NOT_FOUND');
      expect((await within(maker, organization).get(path)).outcome).toBe(NOT_THERE);
    }
    expect((await within(owner, organization).delete(`${FILES}/${id}`)).status).toBe(200);
  });

  it('are open by a link of an API key as long as the key', async () => {
    const key = await createKey(within(owner, organization));
    const id = await newFile(within(owner, organization));
    const made = await withKey(test, key.key).post(`${FILES}/${id}/links`, { expiresIn: 60 });
    const { pathname, search } = new URL(made.body.data.url as string);
    expect((await test.anonymous.get(pathname + search)).text).toBe('hers');
    await within(owner, organization).delete(`${API_KEYS}/${key.id}`);
    expect((await test.anonymous.get(pathname + search)).outcome).toBe('404 FILE_NOT_FOUND');
  });
});
