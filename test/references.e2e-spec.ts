import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { Transactions } from '../src/platform/database/transactions.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';
import { type Permission, type Scope, scopeOf, type UserId } from '../src/platform/access/caller.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { queriesDuring } from './support/query-watch.js';
import { addTasks, LABELS, TASKS, TrialTasksService } from './support/tasks.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { Answer, TestClient } from './support/test-client.js';
import { USERS } from './support/users.js';

addTasks();

const NOWHERE = '66f1a0c2e4b0a1b2c3d4e5f7';

/** A refusal that blames the field, and says no more of a record that is not the caller's than of none. */
function refusalOf(path: string, what: string): object {
  const message = `${path} must be the id of ${what} that you may read`;
  return { code: 'VALIDATION_ERROR', details: [{ path, message }] };
}

describe('references', () => {
  let test: TestApp;
  let service: TrialTasksService;
  let ada: TestClient;
  let bob: TestClient;
  let moderator: TestClient;
  let admin: TestClient;
  let titles = 0;

  beforeAll(async () => {
    test = await createTestApp();
    service = test.app.get(TrialTasksService, { strict: false });
    ada = await test.anonymous.signIn();
    bob = await test.anonymous.signIn();
    moderator = await test.anonymous.signIn('moderator');
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(() => test.close());

  const addTask = (user: TestClient, fields: object = {}): Promise<Answer> =>
    user.post(TASKS, { title: `Task ${++titles}`, ...fields });

  async function newTask(user: TestClient, fields: object = {}): Promise<string> {
    const { status, body } = await addTask(user, fields);
    expect(status).toBe(201);
    return `${TASKS}/${String(body.data.id)}`;
  }

  async function newLabel(): Promise<Types.ObjectId> {
    const { _id } = await service.labels.create(scopeOf(ada.userId as UserId), { name: `Label ${++titles}` });
    return _id;
  }

  const idOf = (address: string): string => address.split('/').at(-1) ?? '';

  describe('are set', () => {
    it('to records of the caller, when it creates, replaces and changes', async () => {
      const first = await createProject(ada);
      const second = await createProject(ada);
      const address = await newTask(ada, { projectId: first.id.toUpperCase() });
      const listed = await ada.get(`${TASKS}?projectId=${first.id}`);
      expect(listed.body.data).toMatchObject([{ id: idOf(address), projectId: first.id }]);
      const patched = await ada.patch(address, { projectId: second.id }, { 'if-match': '"1"' });
      expect(patched.body.data).toMatchObject({ projectId: second.id, version: 2 });
      const replaced = await ada.put(address, { title: `Task ${++titles}`, projectId: first.id });
      expect(replaced.body.data).toMatchObject({ projectId: first.id, version: 3 });
    });

    it('to nothing by null, and by leaving them out of a PUT', async () => {
      const { id } = await createProject(ada);
      const address = await newTask(ada, { projectId: id });
      expect((await ada.patch(address, { projectId: null })).body.data).toMatchObject({ projectId: null });
      await ada.patch(address, { projectId: id });
      const replaced = await ada.put(address, { title: `Task ${++titles}` });
      expect(replaced.body.data).toMatchObject({ projectId: null });
      expect((await ada.delete(`${PROJECTS}/${id}`)).status).toBe(200);
    });

    it.each([
      ['is not there', () => Promise.resolve(NOWHERE)],
      ['belongs to somebody else', async () => (await createProject(bob)).id],
    ])('to no record that %s', async (_, target) => {
      const projectId = await target();
      const refusal = refusalOf('projectId', 'a project');
      const address = await newTask(ada);
      const answers = [
        await addTask(ada, { projectId }),
        await ada.put(address, { title: `Task ${++titles}`, projectId }),
        await ada.patch(address, { projectId }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
      for (const { body } of answers) expect(body).toMatchObject(refusal);
      const read = await ada.patch(address, {});
      expect(read.body.data).toMatchObject({ projectId: null, version: 2 });
    });

    it('with a fault for each that leads nowhere', async () => {
      const { body } = await addTask(ada, { projectId: NOWHERE, labelId: NOWHERE, parentId: NOWHERE });
      const paths = body.details.map(({ path }: { path: string }) => path);
      expect(paths).toEqual(['projectId', 'labelId', 'parentId']);
    });

    it('to records of others by who may read them', async () => {
      const { id } = await createProject(ada);
      expect((await addTask(moderator, { projectId: id })).status).toBe(201);
      // Nobody has the permission to read tasks.
      const parentId = idOf(await newTask(ada));
      expect((await addTask(moderator, { parentId })).body).toMatchObject(refusalOf('parentId', 'a task'));
    });

    it('to what whoever changes the record may read, whosever it is', async () => {
      const address = await newTask(bob);
      const projectId = (await createProject(admin)).id;
      expect((await admin.patch(address, { projectId })).status).toBe(200);
      const parentId = idOf(await newTask(bob));
      expect((await admin.patch(address, { parentId })).body).toMatchObject(refusalOf('parentId', 'a task'));
    });

    it('to records of nobody by everybody', async () => {
      const labelId = String(await newLabel());
      for (const user of [ada, bob, admin]) expect((await addTask(user, { labelId })).status).toBe(201);
    });

    it('to users by themselves, and by who may read users', async () => {
      expect((await addTask(ada, { assigneeId: ada.userId })).status).toBe(201);
      expect((await addTask(ada, { assigneeId: bob.userId })).status).toBe(400);
      expect((await addTask(moderator, { assigneeId: bob.userId })).status).toBe(201);
    });

    it('in a request that may be sent again', async () => {
      const { id } = await createProject(ada);
      const body = { title: `Task ${++titles}`, projectId: id };
      const key = { 'idempotency-key': `references-${titles}` };
      const answers = [await ada.post(TASKS, body, key), await ada.post(TASKS, body, key)];
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(answers[1]?.body).toEqual(answers[0]?.body);
      const refused = { title: body.title, projectId: NOWHERE };
      const another = { 'idempotency-key': `references-${titles}-refused` };
      expect((await ada.post(TASKS, refused, another)).status).toBe(400);
    });

    it('after it is known that the record is there, is the caller’s, and has the version', async () => {
      const { id } = await createProject(ada);
      const address = await newTask(ada);
      expect((await bob.patch(address, { projectId: id })).outcome).toBe('404 TASK_NOT_FOUND');
      const stale = await ada.patch(address, { projectId: NOWHERE }, { 'if-match': '"7"' });
      expect(stale.outcome).toBe('412 PRECONDITION_FAILED');
    });
  });

  describe('in code', () => {
    const asModerator = (permissions?: Permission[]): Scope => ({
      ...scopeOf(moderator.userId as UserId),
      ...(permissions && { permissions: new Set(permissions) }),
    });
    const createTask = (scope: Scope, projectId: unknown) =>
      service.tasks.create(scope, {
        title: `Task ${++titles}`,
        tags: [],
        projectId: projectId as Types.ObjectId,
      });

    it('are bound to the permissions of the scope, of which one made by hand has none', async () => {
      const projectId = new Types.ObjectId((await createProject(ada)).id);
      await expect(createTask(asModerator(), projectId)).rejects.toMatchObject({ status: 400 });
      await expect(createTask(asModerator(['projects:write']), projectId)).rejects.toMatchObject({
        status: 400,
      });
      expect(await createTask(asModerator(['projects:read']), projectId)).toMatchObject({ projectId });
    });

    it('take ids only, and a scope', async () => {
      const ownerId = new Types.ObjectId(ada.userId);
      const projectId = new Types.ObjectId((await createProject(ada)).id);
      await expect(createTask(asModerator(), String(projectId))).rejects.toThrow(TypeError);
      const task = { ownerId, title: `Task ${++titles}`, tags: [] };
      await expect(service.tasks.insert({ ...task, projectId })).rejects.toThrow(
        'create the record in a scope',
      );
      expect(await service.tasks.insert({ ...task, projectId: null })).toMatchObject({ version: 1 });
    });

    it('may be part of a unique index, of which a list needs no order', async () => {
      const projectId = new Types.ObjectId((await createProject(ada)).id);
      const scope = scopeOf(ada.userId as UserId);
      const { title } = await service.tasks.create(scope, { title: 'Only one', tags: [], projectId });
      const again = service.tasks.create(scope, { title, tags: [], projectId });
      await expect(again).rejects.toMatchObject({ code: 'TASK_PROJECT_ID_TAKEN' });
      const asked = await queriesDuring(test.connection, 'trial_tasks', async () => {
        expect(await service.tasks.first(scope, { title, projectId })).toMatchObject({ title });
      });
      expect(asked.map(({ command }) => command['sort'])).toEqual([undefined]);
    });

    it('are part of the transaction that they are given', async () => {
      const { id } = await createProject(ada);
      const scope = scopeOf(ada.userId as UserId);
      const failing = test.app.get(Transactions).run(async (transaction) => {
        const task = { title: `Task ${++titles}`, tags: [], projectId: new Types.ObjectId(id) };
        await service.tasks.create(scope, task, transaction);
        throw new Error('after it');
      });
      await expect(failing).rejects.toThrow('after it');
      expect((await ada.delete(`${PROJECTS}/${id}`)).status).toBe(200);
    });
  });

  describe('keep what they lead to', () => {
    it('from being deleted, until they are gone', async () => {
      const project = await createProject(ada);
      const first = await newTask(ada, { projectId: project.id });
      const second = await newTask(moderator, { projectId: project.id });
      expect((await ada.delete(at(project))).outcome).toBe('409 IN_USE');
      expect((await ada.get(at(project))).body.data).toEqual(project);
      expect((await ada.delete(first)).status).toBe(200);
      expect((await ada.delete(at(project))).outcome).toBe('409 IN_USE');
      expect((await moderator.patch(second, { projectId: null })).status).toBe(200);
      expect((await ada.delete(at(project))).status).toBe(200);
      expect((await ada.delete(at(project))).outcome).toBe('404 PROJECT_NOT_FOUND');
    });

    it('after it is known that it is there and has the version', async () => {
      const project = await createProject(ada);
      await newTask(ada, { projectId: project.id });
      expect((await bob.delete(at(project))).outcome).toBe('404 PROJECT_NOT_FOUND');
      const stale = await ada.delete(at(project), { 'if-match': '"7"' });
      expect(stale.outcome).toBe('412 PRECONDITION_FAILED');
    });

    it('also where it belongs to nobody', async () => {
      const labelId = String(await newLabel());
      const address = await newTask(ada, { labelId });
      expect((await admin.delete(`${LABELS}/${labelId}`)).outcome).toBe('409 IN_USE');
      await ada.delete(address);
      expect((await admin.delete(`${LABELS}/${labelId}`)).status).toBe(200);
    });

    it('unless that refers to itself alone', async () => {
      const parent = await newTask(ada);
      const child = await newTask(ada, { parentId: idOf(parent) });
      await ada.patch(parent, { parentId: idOf(parent) });
      expect((await ada.delete(parent)).outcome).toBe('409 IN_USE');
      await ada.delete(child);
      expect((await ada.delete(parent)).status).toBe(200);
    });

    it('unless a user is deleted, with all that belongs to it', async () => {
      const leaver = await test.anonymous.signIn();
      const { id } = await createProject(leaver);
      const own = await newTask(leaver, { projectId: id, assigneeId: leaver.userId });
      const foreign = await newTask(moderator, { projectId: id, assigneeId: leaver.userId });
      expect((await admin.delete(`${USERS}/${leaver.userId}`)).status).toBe(200);
      const { tasks } = service;
      const all = {
        all: true,
        permission: 'tasks:read',
        actor: { kind: 'user', id: admin.userId as UserId },
      } as const;
      await expect(tasks.get(all, idOf(own))).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect(String((await tasks.get(all, idOf(foreign))).projectId)).toBe(id);
      // What leads nowhere can be changed, but not set again.
      expect((await moderator.patch(foreign, { title: `Task ${++titles}` })).status).toBe(200);
      expect((await moderator.patch(foreign, { projectId: id })).status).toBe(400);
    });
  });

  it('cost nothing where none is set', async () => {
    const address = await newTask(ada);
    const asked = await queriesDuring(test.connection, 'projects', async () => {
      await newTask(ada, { projectId: null });
      await ada.patch(address, { title: `Task ${++titles}` });
    });
    expect(asked).toEqual([]);
    const locking = await queriesDuring(test.connection, 'locks', async () => {
      await newTask(ada);
      await createProject(ada);
    });
    expect(locking).toEqual([]);
  });

  it('undo the transaction that would remove what they lead to', async () => {
    const parent = idOf(await newTask(ada));
    await newTask(ada, { parentId: parent });
    const scope = scopeOf(ada.userId as UserId);
    const { tasks } = service;
    const removing = test.app.get(Transactions).run(async (transaction) => {
      await tasks.create(scope, { title: 'Undone', tags: [] }, transaction);
      await tasks.remove(scope, parent, NO_PRECONDITION, transaction);
    });
    await expect(removing).rejects.toMatchObject({ code: 'IN_USE' });
    expect(await test.connection.collection('trial_tasks').countDocuments({ title: 'Undone' })).toBe(0);
    expect(await tasks.get(scope, parent)).toMatchObject({ version: 1 });
  });
});
