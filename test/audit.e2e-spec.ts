// Alone in its process: what is transferable stays so.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import type { Records } from '../src/platform/database/records.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { CHANGE } from './support/accounts.js';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { addPapers, type Paper, PAPERS } from './support/papers.js';
import { LOCALHOST, PASSKEY_STEP_UP, PasskeyDevice, PASSKEYS } from './support/passkeys.js';
import { newMember, newOrganization, ORGANIZATIONS, within } from './support/organizations.js';
import { STEP_UP } from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { USERS } from './support/users.js';

const AUDIT = '/api/v1/audit';
const EXPORT = `${AUDIT}/export`;

interface Entry {
  readonly at: string;
  readonly action: string;
  readonly ownerId: string | null;
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly record: string;
  readonly requestId: string | null;
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
}

describe('the audit', () => {
  let test: TestApp;
  let takeBack: () => void;
  let owner: TestClient;
  let stranger: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    takeBack = addPapers();
    test = await createTestApp();
    [owner, stranger, admin] = await Promise.all([
      test.anonymous.signIn(),
      test.anonymous.signIn(),
      test.anonymous.signIn('admin'),
    ]);
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  async function entries(client: TestClient, query = ''): Promise<Entry[]> {
    const { status, body, text } = await client.get(`${AUDIT}${query}`);
    if (status !== 200) throw new Error(text);
    return body.data as Entry[];
  }

  async function newPaper(client = owner): Promise<string> {
    const { body } = await client.post(PAPERS, { title: 'Ships' });
    return body.data.id as string;
  }

  const actions = (all: readonly Entry[]): string[] => all.map(({ action }) => action);

  it('keeps each change of a record field by field, and no values of fields that hold theirs back', async () => {
    const withheld = { draft: 'the draft', pin: 'the pin', body: '<p>rich</p>', codes: ['the code'] };
    const whole = { title: 'Ships', pages: 3, ...withheld };
    const created = await owner.post(PAPERS, whole, { 'x-request-id': 'first' });
    const { id } = created.body.data as { id: string };
    await admin.patch(`${PAPERS}/${id}`, { pages: 4, draft: 'another' }, { 'x-request-id': 'second' });
    await owner.delete(`${PAPERS}/${id}`, { 'x-request-id': 'third' });

    const told = await entries(owner, `?record=papers/${id}`);
    const mine = { kind: 'user', id: owner.userId };
    const common = { ownerId: owner.userId, record: `papers/${id}` };
    expect(told).toEqual([
      {
        ...common,
        id: expect.anything(),
        at: expect.anything(),
        action: 'papers.deleted',
        actor: mine,
        requestId: 'third',
        changes: [
          { field: 'title', from: 'Ships', to: null },
          { field: 'pages', from: 4, to: null },
          ...Object.keys(withheld).map((field) => ({ field, from: null, to: null })),
        ],
      },
      {
        ...common,
        id: expect.anything(),
        at: expect.anything(),
        action: 'papers.updated',
        requestId: 'second',
        actor: { kind: 'user', id: admin.userId },
        changes: [
          { field: 'pages', from: 3, to: 4 },
          { field: 'draft', from: null, to: null },
        ],
      },
      {
        ...common,
        id: expect.anything(),
        at: expect.anything(),
        action: 'papers.created',
        actor: mine,
        requestId: 'first',
        changes: [
          { field: 'title', from: null, to: 'Ships' },
          { field: 'pages', from: null, to: 3 },
          ...Object.keys(withheld).map((field) => ({ field, from: null, to: null })),
        ],
      },
    ]);
    const kept = JSON.stringify(await test.connection.collection('audit').find({}).toArray());
    expect(kept).not.toMatch(/the draft|the pin|rich|the code|another/);
  });

  it('tells the owner and who has audit:read, and nobody else', async () => {
    const id = await newPaper();
    expect((await stranger.get(`${AUDIT}?record=papers/${id}`)).outcome).toBe('404 AUDIT_RECORD_NOT_FOUND');
    expect((await stranger.get(`${AUDIT}?owner=${owner.userId}`)).outcome).toBe('403 FORBIDDEN');
    expect((await stranger.get(`${AUDIT}?owner=all`)).outcome).toBe('403 FORBIDDEN');
    const all = await entries(stranger, `?actor=${owner.userId}`);
    expect(all).toEqual([]);
    const own = await entries(stranger, '?limit=100');
    expect(own.every(({ ownerId }) => ownerId === stranger.userId)).toBe(true);
    expect(actions(await entries(admin, `?record=papers/${id}`))).toEqual(['papers.created']);
    expect(await entries(admin, `?owner=${stranger.userId}`)).toEqual(own);
    expect(await entries(owner, `?owner=${owner.userId}&limit=1`)).toHaveLength(1);
    expect((await test.anonymous.get(AUDIT)).status).toBe(401);
  });

  it('finds what somebody did, and when', async () => {
    const id = await newPaper();
    const [created] = await entries(owner, `?record=papers/${id}&actor=${owner.userId}`);
    const at = created?.at ?? '';
    expect(await entries(owner, `?record=papers/${id}&from=${at}`)).toHaveLength(1);
    expect(await entries(owner, `?record=papers/${id}&to=${at}`)).toEqual([]);
    expect(await entries(owner, `?record=papers/${id}&actor=${admin.userId}`)).toEqual([]);
    const { body } = await owner.get(`${AUDIT}?limit=1&total=true`);
    const next = await entries(owner, `?limit=1&cursor=${body.pagination.nextCursor}`);
    expect(next).toHaveLength(1);
    expect(next[0]).not.toEqual(body.data[0]);
    expect((await owner.get(`${AUDIT}?record=papers`)).outcome).toBe('400 VALIDATION_ERROR');
  });

  it('is a file as well, with all that the list tells, and with nothing more', async () => {
    const user = await test.anonymous.signIn();
    const { body } = await user.post(PAPERS, { title: '=1+1', pin: 'the pin' }, { 'x-request-id': '-1-2' });
    const [one] = await test.connection.collection('audit').find({ requestId: '-1-2' }).toArray();
    const copies = Array.from({ length: 450 }, () => ({ ...one, _id: new Types.ObjectId() }));
    await test.connection.collection('audit').insertMany(copies);
    const record = `record=papers/${body.data.id}`;
    const asLines = ({ text }: { text: string }) =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Entry);

    const all = asLines(await user.get(`${EXPORT}?format=ndjson`));
    expect(all).toHaveLength(453);
    expect(all.slice(0, 100)).toEqual(await entries(user, '?limit=100'));
    expect(all.every(({ ownerId }) => ownerId === user.userId)).toBe(true);
    const some = `format=ndjson&${record}&actor=${user.userId}&to=${all[0]?.at}`;
    expect((await user.get(`${EXPORT}?${some}`)).text).toBe('');
    const table = await user.get(`${EXPORT}?${record}`);
    expect(table.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="audit.csv"',
    });
    const [head, first] = table.text.split('\r\n');
    expect(head).toBe('id,at,actor,ownerId,action,record,changes,requestId');
    expect(first).toMatch(/,papers\.created,papers\/[\da-f]{24},"\[\{.*\}\]",'-1-2$/);
    expect(table.text).not.toContain('the pin');

    expect((await stranger.get(`${EXPORT}?${record}`)).outcome).toBe('404 AUDIT_RECORD_NOT_FOUND');
    expect((await stranger.get(`${EXPORT}?owner=${user.userId}`)).outcome).toBe('403 FORBIDDEN');
    expect((await test.anonymous.get(EXPORT)).status).toBe(401);
    expect(asLines(await admin.get(`${EXPORT}?format=ndjson&owner=${user.userId}`))).toEqual(all);
    for (const odd of ['format=xls', 'limit=1', 'from=yesterday', 'actor=me']) {
      expect((await user.get(`${EXPORT}?${odd}`)).outcome).toBe('400 VALIDATION_ERROR');
    }
  });

  it('always tells of sign-ins, step-ups, passwords, keys and rights', async () => {
    const user = await test.anonymous.signIn();
    await user.post(STEP_UP, { password: PASSWORD });
    const key = await createKey(user);
    const byKey = withKey(test, key.key);
    const { body } = await byKey.post(PAPERS, { title: 'By a program' });
    await user.delete(`${API_KEYS}/${key.id}`);
    await user.post(CHANGE, { currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` });
    await admin.patch(`${USERS}/${user.userId}`, { role: 'moderator' });

    const told = await entries(admin, `?owner=${user.userId}`);
    expect(actions(told)).toEqual([
      'users.updated',
      'users.password-changed',
      'users.key-deleted',
      'papers.created',
      'users.key-made',
      'users.stepped-up',
      'users.signed-in',
      'users.created',
    ]);
    expect(told[0]).toMatchObject({
      actor: { kind: 'user', id: admin.userId },
      record: `users/${user.userId}`,
      changes: [{ field: 'role', from: 'user', to: 'moderator' }],
    });
    expect(told[3]).toMatchObject({
      actor: { kind: 'apiKey', id: key.id },
      record: `papers/${body.data.id}`,
    });
    const kept = JSON.stringify(told);
    expect(kept).not.toContain('$2');
    expect(kept).not.toContain(key.key.slice(-20));
  });

  it('tells the administrators of an organization of it and its members', async () => {
    const organization = await newOrganization(owner, 'Acme');
    const colleague = await newMember(test, owner, organization, 'viewer');
    const at = `${ORGANIZATIONS}/${organization}`;
    await owner.patch(at, { name: 'Acme & Sons' });
    await owner.patch(`${at}/members/${colleague.userId}`, { role: 'admin' });
    const inside = within(colleague, organization);
    const told = await entries(inside);
    const field = `members.${colleague.userId}`;
    expect(told.map(({ action, changes }) => [action, changes[0]])).toEqual([
      ['organizations.member-changed', { field, from: 'viewer', to: 'admin' }],
      ['organizations.updated', { field: 'name', from: 'Acme', to: 'Acme & Sons' }],
      ['organizations.member-joined', { field, from: null, to: 'viewer' }],
      ['organizations.member-joined', { field: `members.${owner.userId}`, from: null, to: 'owner' }],
      ['organizations.created', { field: 'name', from: null, to: 'Acme' }],
    ]);
    expect(told[0]).toMatchObject({ actor: { kind: 'user', id: owner.userId }, ownerId: organization });
    expect(actions(await entries(colleague))).not.toContain('organizations.member-joined');
    await colleague.delete(`${at}/members/${colleague.userId}`);
    expect(actions(await entries(within(owner, organization))).at(0)).toBe('organizations.member-left');
    await owner.delete(at);
    expect(actions(await entries(admin, '?limit=1'))).toEqual(['organizations.deleted']);
  });

  it('tells of a step-up by a passkey as of one by the password', async () => {
    const user = await test.anonymous.signIn();
    const device = new PasskeyDevice();
    const credential = await device.made(user, LOCALHOST);
    expect((await user.post(PASSKEYS, { credential })).outcome).toBe('201');
    const proof = { credential: await device.shown(user, LOCALHOST) };
    expect((await user.post(PASSKEY_STEP_UP, proof)).outcome).toBe('200');
    const [last] = await entries(admin, `?owner=${user.userId}`);
    expect(last).toMatchObject({ action: 'users.stepped-up', record: `users/${user.userId}` });
  });

  it('says who deleted a user, when all that was the user’s is gone', async () => {
    const user = await test.anonymous.signIn();
    await newPaper(user);
    await admin.delete(`${USERS}/${user.userId}`);
    const left = await entries(admin, `?record=users/${user.userId}`);
    expect(left).toMatchObject([
      { action: 'users.deleted', actor: { kind: 'user', id: admin.userId }, ownerId: null, changes: [] },
    ]);
    expect(await entries(admin, `?owner=${user.userId}`)).toEqual([]);
  });

  it('keeps nothing of what was rolled back, and the order of changes that meet', async () => {
    const records = test.app.get<Records<Paper>>('PaperRecords', { strict: false });
    const scope = scopeOf(owner.userId as UserId);
    const id = await newPaper();
    const any = { versions: 'any', required: false } as const;
    const rolledBack = test.app.get(Transactions).run(async (transaction) => {
      await records.update(scope, id, any, { title: 'Never' }, transaction);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    // The clock of another process was ahead.
    await test.connection
      .collection('papers')
      .updateMany({ title: 'Ships' }, { $set: { updatedAt: new Date(Date.now() + 60_000) } });
    const pages = Array.from({ length: 8 }, (_, n) => n + 1);
    await Promise.all(pages.map((n) => records.update(scope, id, any, { pages: n })));

    const told = (await entries(owner, `?record=papers/${id}`)).toReversed();
    expect(told).toHaveLength(9);
    const steps = told.slice(1).map(({ changes: [change] }) => [change?.from, change?.to]);
    expect(steps.map(([from]) => from)).toEqual([null, ...steps.slice(0, -1).map(([, to]) => to)]);
    expect(new Set(told.map(({ at }) => at)).size).toBe(9);
  });

  it('tells of many records that are changed at once', async () => {
    const user = await test.anonymous.signIn();
    const records = test.app.get<Records<Paper>>('PaperRecords', { strict: false });
    for (let n = 0; n < 3; n++) await newPaper(user);
    await records.updateWhere(scopeOf(user.userId as UserId), {}, { pages: 7 });
    const told = await entries(user, `?actor=${user.userId}&limit=3`);
    expect(actions(told)).toEqual(['papers.updated', 'papers.updated', 'papers.updated']);
    expect(told[0]?.changes).toEqual([{ field: 'pages', from: null, to: 7 }]);
  });
});
