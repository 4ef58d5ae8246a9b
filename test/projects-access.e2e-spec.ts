import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { at, createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const REQUESTS = [
  ['GET', undefined],
  ['HEAD', undefined],
  ['PUT', { name: 'Taken over' }],
  ['PATCH', { description: 'Taken over' }],
  ['DELETE', undefined],
] as const;

describe('projects of others', () => {
  let test: TestApp;
  let ada: TestClient;
  let grace: TestClient;
  let moderator: TestClient;
  let admin: TestClient;
  let project: ProjectJson;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    grace = await test.anonymous.signIn();
    moderator = await test.anonymous.signIn('moderator');
    admin = await test.anonymous.signIn('admin');
  });
  beforeEach(async () => {
    project = await createProject(ada);
  });
  afterAll(() => test.close());

  /** Runs some requests and answers the accesses to others' records that were logged meanwhile. */
  async function foreignAccesses(requests: () => Promise<unknown>) {
    const before = test.logs.length;
    await requests();
    return test.logs.slice(before).filter(({ event }) => event === 'foreign_access');
  }

  describe('for a user', () => {
    it.each(REQUESTS)('%s answers 404 and changes nothing', async (method, body) => {
      for (const headers of [{}, { 'if-match': '"1"' }, { 'if-match': '"9"' }, { 'if-none-match': '*' }]) {
        const { status, text } = await grace.send(method, at(project), body, headers);
        expect(status).toBe(404);
        if (method !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ code: 'PROJECT_NOT_FOUND' });
      }
      expect((await ada.get(at(project))).body.data).toEqual(project);
    });

    it('are answered like projects that do not exist', async () => {
      const headers = { 'x-request-id': 'same' };
      const foreign = await grace.get(at(project), headers);
      const missing = await grace.get(at({ id: 'f'.repeat(24) }), headers);
      expect(foreign.text).toBe(missing.text);
    });

    it('are not in the list', async () => {
      const mine = await createProject(grace);
      for (const query of ['', '?name=Project', '?limit=100&total=true']) {
        const { body } = await grace.get(PROJECTS + query);
        expect((body.data as ProjectJson[]).map(({ ownerId }) => ownerId)).toEqual([grace.userId]);
        expect(body.data).toEqual([mine]);
        if (query.includes('total')) expect(body.pagination.total).toBe(1);
      }
    });

    it('are forbidden by ?owner=, whatever it says', async () => {
      const values = ['all', ada.userId, grace.userId, '', 'zzz', 'ALL', `all&owner=${grace.userId}`];
      for (const value of values) {
        const { outcome } = await grace.get(`${PROJECTS}?owner=${value}`);
        expect([value, outcome]).toEqual([value, '403 FORBIDDEN']);
      }
      expect((await grace.get(`${PROJECTS}?limit=x&owner=all`)).outcome).toBe('403 FORBIDDEN');
    });
  });

  describe('for a moderator', () => {
    it('are no obstacle to writing its own', async () => {
      const mine = await createProject(moderator);
      expect((await moderator.put(at(mine), { name: 'Mine' })).status).toBe(200);
      expect((await moderator.delete(at(mine))).status).toBe(200);
    });
  });

  describe('for an administrator', () => {
    it('are written, and stay their owner’s', async () => {
      const put = await admin.put(at(project), { name: 'Put by admin' }, { 'if-match': '"1"' });
      const patch = await admin.patch(at(project), { description: 'Patched by admin' });
      expect([put.status, patch.status]).toEqual([200, 200]);
      const { body } = await ada.get(at(project));
      expect(body.data).toEqual(patch.body.data);
      expect(body.data).toMatchObject({
        ownerId: ada.userId,
        name: 'Put by admin',
        description: 'Patched by admin',
        version: 3,
      });
      expect((await admin.delete(at(project))).status).toBe(200);
      expect((await ada.get(at(project))).outcome).toBe('404 PROJECT_NOT_FOUND');
    });

    it('keep the names of their owner unique', async () => {
      const { name } = await createProject(admin);
      const sibling = await createProject(ada);
      expect((await admin.patch(at(project), { name })).status).toBe(200);
      expect((await admin.patch(at(project), { name: sibling.name })).outcome).toBe('409 PROJECT_NAME_TAKEN');
    });
  });

  describe.each(['moderator', 'admin'] as const)('in the lists of a %s', (role) => {
    let reader: TestClient;
    beforeAll(async () => {
      reader = await test.anonymous.signIn(role);
    });

    const ownersIn = async (query: string) => {
      const { status, body } = await reader.get(`${PROJECTS}?limit=100${query}`);
      expect(status).toBe(200);
      return new Set((body.data as ProjectJson[]).map(({ ownerId }) => ownerId));
    };

    it('are missing unless asked for', async () => {
      const mine = await createProject(reader);
      expect(await ownersIn('')).toEqual(new Set([mine.ownerId]));
    });

    it('are those of one owner by ?owner=<id>', async () => {
      await createProject(grace);
      expect(await ownersIn(`&owner=${ada.userId}`)).toEqual(new Set([ada.userId]));
      expect(await ownersIn(`&owner=${ada.userId.toUpperCase()}`)).toEqual(new Set([ada.userId]));
      expect(await ownersIn(`&owner=${'f'.repeat(24)}`)).toEqual(new Set());
    });

    it('are everybody’s by ?owner=all', async () => {
      await createProject(grace);
      const owners = await ownersIn('&owner=all');
      for (const { userId } of [ada, grace, reader]) expect(owners).toContain(userId);
    });

    it.each(['', 'zzz', 'ALL', 'me', '%24ne', `all&owner=all`])('are refused by ?owner=%s', async (owner) => {
      const answer = await reader.get(`${PROJECTS}?owner=${owner}`);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(answer.body.details).toEqual([expect.objectContaining({ path: 'owner' })]);
    });
  });

  describe('leave an event in the log', () => {
    it('for each one that is read or written by id', async () => {
      const events = await foreignAccesses(async () => {
        await moderator.get(at(project), { 'x-request-id': 'read' });
        await admin.put(at(project), { name: 'Logged' });
        await admin.patch(at(project), {});
        await admin.delete(at(project));
      });
      const entry = { level: 'warn', resource: 'project', recordId: project.id };
      expect(events).toEqual([
        expect.objectContaining({
          ...entry,
          permission: 'projects:read',
          userId: moderator.userId,
          requestId: 'read',
        }),
        ...Array.from({ length: 3 }, () =>
          expect.objectContaining({ ...entry, permission: 'projects:write', userId: admin.userId }),
        ),
      ]);
    });

    it('for each list of them', async () => {
      const events = await foreignAccesses(async () => {
        await moderator.get(`${PROJECTS}?owner=${ada.userId}&limit=1`);
        await admin.get(`${PROJECTS}?owner=all&limit=2`);
      });
      const entry = { resource: 'project', permission: 'projects:read' };
      expect(events).toEqual([
        expect.objectContaining({ ...entry, userId: moderator.userId, count: 1 }),
        expect.objectContaining({ ...entry, userId: admin.userId, count: 2 }),
      ]);
    });

    it.each(['user', 'moderator', 'admin'] as const)(
      'but not for what a %s does with its own',
      async (role) => {
        const owner = await test.anonymous.signIn(role);
        const events = await foreignAccesses(async () => {
          const mine = await createProject(owner);
          await owner.get(at(mine));
          await owner.get(PROJECTS);
          if (role !== 'user') await owner.get(`${PROJECTS}?owner=${owner.userId}`);
          await owner.put(at(mine), { name: 'Own' });
          await owner.patch(at(mine), {});
          await owner.delete(at(mine));
        });
        expect(events).toEqual([]);
      },
    );

    it('but not where nothing was reached', async () => {
      const events = await foreignAccesses(async () => {
        await grace.get(at(project));
        await moderator.delete(at(project));
        await admin.get(at({ id: 'f'.repeat(24) }));
        await admin.put(at(project), { name: 'x' }, { 'if-match': '"9"' });
      });
      expect(events).toEqual([]);
    });
  });
});
