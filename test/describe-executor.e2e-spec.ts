import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { fail } from '../src/platform/executions/run.js';
import { projects } from './features/projects.js';
import { expectResult, newRecord } from './support/describe-executor.js';
import { addExecutors, Play, script } from './support/executions.js';
import { createTestApp, type TestApp } from './support/test-app.js';

addExecutors();

describe('the test of an executor', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ EXECUTIONS: 'off' });
  });
  afterAll(() => test.close());

  const leases = () =>
    test.connection.collection('execution_engines').countDocuments({ until: { $gt: new Date() } });
  const work = script(async (run) => run.step('work', () => 'done'));

  it.each([
    ['comes to another result', { input: work, result: 'something else' }, '"done"'],
    ['fails', { input: script(() => fail('No address')), result: 'done' }, 'No address'],
    ['cannot begin', { input: () => Promise.reject(new Error('No record')), result: 'done' }, 'No record'],
  ])('leaves no engine behind where it %s', async (_, expected, message) => {
    await expect(expectResult(test, Play, expected, 'finish:before')).rejects.toThrow(message);
    expect(await leases()).toBe(0);
  });

  it('is given a record with the fields that it needs', async () => {
    const id = await newRecord(test, projects, { description: 'About to be late' });
    const stored = await test.connection.collection('projects').findOne({ _id: new Types.ObjectId(id) });
    expect(stored).toMatchObject({ description: 'About to be late' });
  });
});
