import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import { at, createProject } from './support/projects.js';
import { queriesDuring } from './support/query-watch.js';
import { addTasks, TASKS, TrialTasksService } from './support/tasks.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Answer, type TestClient, untilTaken } from './support/test-client.js';

addTasks();

describe('references', () => {
  let test: TestApp;
  /** Another process on the same database. */
  let other: TestApp;
  let service: TrialTasksService;
  let ada: TestClient;
  /** The same in the other process. */
  let adaThere: TestClient;
  let titles = 0;

  beforeAll(async () => {
    test = await createTestApp();
    const { mongodbUri = '' } = test.config.of(DatabaseConfig);
    const { jwtSecret } = test.config.of(CryptoConfig);
    other = await createTestApp({ MONGODB_URI: mongodbUri, JWT_SECRET: jwtSecret });
    service = test.app.get(TrialTasksService, { strict: false });
    ada = await test.anonymous.signIn();
    adaThere = other.anonymous.with(ada.headers);
  });
  afterAll(async () => {
    await other.app.close();
    await test.close();
  });

  const addTask = (user: TestClient, fields: object = {}): Promise<Answer> =>
    user.post(TASKS, { title: `Task ${++titles}`, ...fields });

  it.each([
    ['in one process', () => ada],
    ['in two', () => adaThere],
  ])('lead nowhere after no race of creating, changing and deleting %s', async (_, second) => {
    const elsewhere = second();
    const tally = { kept: 0, deleted: 0 };
    // Both ways of ending must have been seen; a busy machine may take longer to.
    const isOver = (round: number) =>
      round >= 40 && (Math.min(tally.kept, tally.deleted) > 0 || round >= 400);
    for (let round = 0; !isOver(round); round++) {
      const project = await createProject(ada);
      const spare = `${TASKS}/${String((await addTask(ada)).body.data.id)}`;
      // By turns the one and the others have a little start.
      const [early, late] = [0, 3 * (Math.floor(round / 2) % (round < 40 ? 8 : 40))];
      const [ofDeleting, ofWriting] = round % 2 ? [early, late] : [late, early];
      const deleting = sleep(ofDeleting).then(() => elsewhere.delete(at(project)));
      const writing = sleep(ofWriting).then(() =>
        Promise.all([
          addTask(ada, { projectId: project.id }),
          addTask(elsewhere, { projectId: project.id }),
          ada.patch(spare, { projectId: project.id }),
        ]),
      );
      const answers = await writing;
      const { outcome } = await deleting;
      const referring = await service.model.countDocuments({ projectId: new Types.ObjectId(project.id) });
      expect(referring).toBe(answers.filter(({ status }) => status < 300).length);
      expect(outcome).toBe(referring === 0 ? '200' : '409 IN_USE');
      tally[referring === 0 ? 'deleted' : 'kept']++;
      for (const { status } of answers) expect([200, 201, 400]).toContain(status);
    }
    expect(Math.min(tally.kept, tally.deleted)).toBeGreaterThan(0);
  });

  it('are changed after one look at the record, by its owner and by who may change those of everybody', async () => {
    const admin = await test.anonymous.signIn('admin');
    const address = `${TASKS}/${String((await addTask(ada)).body.data.id)}`;
    const { id } = await createProject(ada);
    const asked = await queriesDuring(test.connection, 'trial_tasks', async () => {
      expect((await ada.patch(address, { projectId: id })).status).toBe(200);
      expect((await admin.patch(address, { projectId: id })).status).toBe(200);
    });
    const names = asked.map(({ command }) => Object.keys(command)[0]);
    expect(names).toEqual(['find', 'findAndModify', 'find', 'findAndModify']);
  });

  it('let many be set at the same time', async () => {
    const project = await createProject(ada);
    const owner = ada.userId as UserId;
    const label = await service.labels.create(scopeOf(owner), { name: 'Common' });
    const fields = { projectId: project.id, labelId: String(label._id) };
    const answers = await Promise.all(Array.from({ length: 20 }, () => addTask(ada, fields)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
  });

  // A transaction with a key has begun before the reference is locked, and begins anew where another was in the way.
  it('let many be set at the same time by requests with keys', async () => {
    const project = await createProject(ada);
    const create = (key: number) =>
      untilTaken(() =>
        ada.post(
          TASKS,
          { title: `Keyed ${key}`, projectId: project.id },
          { 'idempotency-key': `keyed-${key}` },
        ),
      );
    const began = Date.now();
    const answers = await Promise.all(Array.from({ length: 16 }, (_, key) => create(key)));
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 16 }, () => '201'));
    // Two that wait for each other do so until their patience of 1.5 s ends, and are then sent again.
    expect(test.logs.filter(({ code, time }) => code === 'OVERLOADED' && Number(time) >= began)).toEqual([]);
  });
});
