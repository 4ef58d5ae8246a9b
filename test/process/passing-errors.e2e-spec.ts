import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { scopeOf, type UserId } from '../../src/platform/access/caller.js';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { listen } from '../../src/platform/http/listen.js';
import { addExecutors, EngineLab, script, ScriptDto } from '../support/executions.js';
import { eventually } from '../support/mails.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { ME, register } from '../support/users.js';
import { type HttpAnswer, HttpCaller } from './http-caller.js';
import { type FailingMongod, startFailingMongod } from './own-mongod.js';

jest.setTimeout(60_000);

/** Whose process may not end a single time. */
@Executor({ type: 'lab.fragile', input: ScriptDto, attempts: 1 })
class Fragile {
  execute(_input: ScriptDto, run: Run): Promise<unknown> {
    return run.step('work', () => 'done');
  }
}

let takeBack: () => void;
let mongod: FailingMongod;
let test: TestApp;
let ada: HttpCaller;
let projectId: string;

const projects = '/api/v1/projects';

beforeAll(async () => {
  // mongod answers as it does while its set changes.
  mongod = await startFailingMongod();
  takeBack = addExecutors(Fragile);
  test = await createTestApp({ MONGODB_URI: mongod.uri });
  ada = await new HttpCaller(await listen(test.app, { port: 0, host: '127.0.0.1' })).signIn();
  projectId = (await ada.post(projects, { name: 'There before' })).body.data.id as string;
});
afterAll(async () => {
  await test.close();
  await mongod.remove();
  takeBack();
});

/** One request of every way in which a handler meets the database. */
const ask = (): Promise<HttpAnswer[]> =>
  Promise.all([
    ada.get(`${projects}?total=true`),
    ada.get(`${projects}/${projectId}`),
    ada.get(ME),
    ada.post(projects, { name: randomUUID() }, { 'idempotency-key': randomUUID() }),
    ada.post(projects, { name: randomUUID() }),
    ada.send('PUT', `${projects}/${projectId}`, { name: 'There before' }),
    ada.post('/api/v1/auth/login', { email: 'ada@example.com', password: 'correct horse battery' }),
  ]);

const MAX_TIME = 50;
const COMMANDS = ['find', 'aggregate', 'insert', 'update', 'findAndModify', 'delete', 'commitTransaction'];

it.each([
  ['NotPrimaryNoSecondaryOk', 13_435],
  ['NotPrimaryOrSecondary', 13_436],
  ['NotWritablePrimary', 10_107],
  ['InterruptedDueToReplStateChange', 11_602],
  ['InterruptedAtShutdown', 11_600],
  ['ShutdownInProgress', 91],
  ['PrimarySteppedDown', 189],
  ['NetworkTimeout', 89],
  ['ExceededTimeLimit', 262],
  ['MaxTimeMSExpired', MAX_TIME],
  ['LockTimeout', 24],
  ['WriteConflict', 112],
  ['Interrupted', 11_601],
  ['ReadConcernMajorityNotAvailableYet', 134],
  ['SnapshotUnavailable', 246],
  ['NoSuchTransaction', 251],
])('%s, wherever it comes, is at worst a 503', async (_, errorCode) => {
  await mongod.fail({ times: 12 }, { failCommands: COMMANDS, errorCode });
  const answers = await ask();
  await mongod.fail('off');
  for (const { status, body, headers } of answers.filter(({ status: each }) => each >= 400)) {
    // The database is there, and says that it has taken as long as it may.
    const code = errorCode === MAX_TIME ? 'DEADLINE_EXCEEDED' : 'DATABASE_UNAVAILABLE';
    expect([status, body.code]).toEqual([503, code]);
    expect(headers.get('retry-after')).toBe('1');
  }
});

it.each([
  ['WriteConcernTimeout', 64],
  ['UnsatisfiableWriteConcern', 100],
  ['PrimarySteppedDown', 189],
  ['InterruptedDueToReplStateChange', 11_602],
])('%s of the acknowledgement is at worst a 503', async (_, code) => {
  const writeConcernError = { code, errmsg: 'so it goes' };
  await mongod.fail({ times: 8 }, { failCommands: COMMANDS.slice(2), writeConcernError });
  const answers = await ask();
  await mongod.fail('off');
  for (const { status, body } of answers.filter(({ status: each }) => each >= 400)) {
    expect([status, body.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
  }
});

it('while an execution begins is no crash of its process', async () => {
  const lab = EngineLab.of(test);
  // Nobody has asked yet what this user may do, so that the engine asks the database.
  const { id: owner } = await register(test.anonymous);
  const namespace = `${test.connection.name}.users`;
  await mongod.fail('alwaysOn', { failCommands: ['find'], errorCode: 91, namespace });
  const { id } = await lab.start(
    script(() => Promise.resolve()),
    { scope: scopeOf(owner as UserId) },
    Fragile,
  );
  await eventually(() => test.logs.some(({ event }) => event === 'execution_engine'));
  await mongod.fail('off');
  // Taken over by the second sweep that finds it without anybody at work on it.
  await lab.parts.engine.sweepNow();
  await lab.parts.engine.sweepNow();
  expect(await lab.until(id, 'succeeded', 'failed')).toMatchObject({ status: 'succeeded', result: 'done' });
});
