import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import mongoose, { type mongo } from 'mongoose';
import { APPLICATION } from '../../src/platform/database/connection.js';
import { listen } from '../../src/platform/http/listen.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { ME } from '../support/users.js';
import { type HttpAnswer, HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';

jest.setTimeout(60_000);

let mongod: OwnMongod;
let client: mongo.MongoClient;
let test: TestApp;
let ada: HttpCaller;
let projectId: string;

const projects = '/api/v1/projects';

beforeAll(async () => {
  mongod = await startOwnMongod();
  // For `failCommand`: mongod answers as it does while its set changes.
  await mongod.kill('SIGTERM');
  await mongod.restart('--setParameter=enableTestCommands=1');
  client = await new mongoose.mongo.MongoClient(mongod.uri).connect();
  test = await createTestApp({ MONGODB_URI: mongod.uri });
  ada = await new HttpCaller(await listen(test.app, { port: 0, host: '127.0.0.1' })).signIn();
  projectId = (await ada.post(projects, { name: 'There before' })).body.data.id as string;
});
afterAll(async () => {
  await test.close();
  await client.close();
  await mongod.remove();
});

const fail = (mode: unknown, data?: object) =>
  client.db('admin').command({ configureFailPoint: 'failCommand', mode, ...(data && { data }) });

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
  await fail({ times: 12 }, { failCommands: COMMANDS, errorCode, appName: APPLICATION });
  const answers = await ask();
  await fail('off');
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
  await fail({ times: 8 }, { failCommands: COMMANDS.slice(2), writeConcernError, appName: APPLICATION });
  const answers = await ask();
  await fail('off');
  for (const { status, body } of answers.filter(({ status: each }) => each >= 400)) {
    expect([status, body.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
  }
});
