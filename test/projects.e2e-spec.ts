import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

describe('projects', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  const stored = (id: string) =>
    test.connection.collection('projects').findOne({ _id: new Types.ObjectId(id) });

  describe('creating', () => {
    it('answers the project as it is stored', async () => {
      const { status, body, headers } = await ada.post(PROJECTS, { name: ' One ' });
      expect(status).toBe(201);
      expect(headers['etag']).toBe('"1"');
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(body).toEqual({
        success: true,
        data: {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          ownerId: ada.userId,
          createdBy: ada.userId,
          name: 'One',
          description: null,
          metadata: {},
          version: 1,
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          updatedAt: body.data.createdAt,
        },
      });
    });

    it('stores nothing for optional fields that are null', async () => {
      const project = await createProject(ada, { description: null, metadata: null });
      expect(project).toEqual({ ...project, description: null, metadata: {} });
      expect(Object.keys((await stored(project.id)) ?? {}).toSorted()).toEqual(
        ['_id', 'createdAt', 'createdBy', 'metadata', 'name', 'ownerId', 'updatedAt', 'version'].toSorted(),
      );
    });

    it('answers a later reader what it answered the writer', async () => {
      const project = await createProject(ada, { description: ' a < b & "c" ', metadata: { a: {} } });
      expect(project.description).toBe('a < b & "c"');
      const { status, body, headers } = await ada.get(at(project));
      expect([status, headers['etag']]).toEqual([200, '"1"']);
      expect(body).toEqual({ success: true, data: project });
    });
  });

  describe('names', () => {
    it.each([
      ['the same name', 'Same', 'Same'],
      ['a name with white space around it', 'Trimmed', '\t Trimmed \n'],
      ['a name that only looks the same', 'Caf\u00e9', 'Cafe\u0301'],
    ])('refuses %s for the same owner', async (_, first, second) => {
      const { name } = await createProject(ada, { name: first });
      const other = await createProject(ada);
      expect(name).toBe(first);
      const refused = [
        await ada.post(PROJECTS, { name: second }),
        await ada.put(at(other), { name: second }),
        await ada.patch(at(other), { name: second }),
      ];
      expect(refused.map(({ outcome }) => outcome)).toEqual(
        Array.from({ length: 3 }, () => '409 PROJECT_NAME_TAKEN'),
      );
      const { body } = await ada.get(at(other));
      expect(body.data).toEqual(other);
    });

    it('tells upper from lower case', async () => {
      await createProject(ada, { name: 'Case' });
      expect((await ada.post(PROJECTS, { name: 'case' })).status).toBe(201);
    });
  });

  describe('replacing with PUT', () => {
    it('resets what is not sent', async () => {
      const project = await createProject(ada, { description: 'Old', metadata: { old: 1 } });
      const { status, body, headers } = await ada.put(at(project), { name: 'Replaced' });
      expect([status, headers['etag']]).toEqual([200, '"2"']);
      expect(body.data).toEqual({
        ...project,
        name: 'Replaced',
        description: null,
        metadata: {},
        version: 2,
        updatedAt: expect.any(String),
      });
      expect(Date.parse(body.data.updatedAt)).toBeGreaterThanOrEqual(Date.parse(project.updatedAt));
      expect(await stored(project.id)).not.toHaveProperty('description');
    });

    it.each([
      ['no name', { description: 'x' }],
      ['a null name', { name: null }],
      ['an empty name', { name: '  ' }],
      ['nothing', {}],
    ])('refuses %s', async (_, body) => {
      const project = await createProject(ada);
      const answer = await ada.put(at(project), body);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(answer.body.details).toEqual([expect.objectContaining({ path: 'name' })]);
    });
  });

  describe('changing with PATCH', () => {
    const fields = { description: 'Kept', metadata: { kept: 1 } };

    it('clears optional fields by null', async () => {
      const project = await createProject(ada, fields);
      const { body } = await ada.patch(at(project), { description: null, metadata: null });
      expect(body.data).toEqual({ ...body.data, name: project.name, description: null, metadata: {} });
    });

    it('refuses null for the name', async () => {
      const project = await createProject(ada);
      const answer = await ada.patch(at(project), { name: null });
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect((await ada.get(at(project))).body.data).toEqual(project);
    });
  });

  describe('deleting', () => {
    it('does so once', async () => {
      const project = await createProject(ada);
      const answers = await Promise.all(Array.from({ length: 5 }, () => ada.delete(at(project))));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404, 404, 404]);
    });
  });

  describe.each([
    ['GET', undefined],
    ['PUT', { name: 'x' }],
    ['PATCH', { name: 'x' }],
    ['DELETE', undefined],
  ])('%s of one project', (method, body) => {
    it.each([
      'zzz',
      '123',
      'ffffffffffffffffffffffff0',
      '%00',
      'ffffffffffffffffffffffg',
      '0xffffffffffffffffffffff',
      '%7B%7D',
    ])('answers 400 for the id %s', async (id) => {
      const answer = await ada.send(method, `${PROJECTS}/${id}`, body);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(answer.body.details).toEqual([expect.objectContaining({ path: 'id' })]);
    });
  });
});
