import { createHook } from 'node:async_hooks';
import { expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { testConfig } from '../../../test/support/test-app.js';
import { DatabaseConfig } from '../config/database.config.js';
import { RARE_POOL_CHECKS } from './pool-checks.js';

const USUAL_MS = 100;

it.each([
  ['ten times a second by itself', {}, USUAL_MS],
  ['every ten seconds here', RARE_POOL_CHECKS, 10_000],
])('a pool of the driver looks after its connections %s', async (_, options, everyMs) => {
  const timers: number[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === 'Timeout') timers.push((resource as { _idleTimeout: number })._idleTimeout);
    },
  }).enable();
  const { mongodbUri = '' } = testConfig().of(DatabaseConfig);
  const client = await new mongoose.mongo.MongoClient(mongodbUri, options).connect();
  await client.db('admin').command({ ping: 1 });
  await client.close();
  hook.disable();
  expect(timers.filter((ms) => ms === USUAL_MS || ms === 10_000)).toContain(everyMs);
  if (everyMs !== USUAL_MS) expect(timers).not.toContain(USUAL_MS);
});
