import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { createTestApp, type TestApp, testConfig } from './test-app.js';

/** An application, and the next one on the same database, which does a migration. */
export interface NextStart {
  readonly before: TestApp;
  /** Starts the next one. The first has recorded the migration, so it is forgotten. */
  start(migration: string): Promise<TestApp>;
}

/** Starts the first application for the tests of a block, and closes both after them. */
export function useNextStart(): NextStart {
  const database = {
    MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri,
    // What the first one encrypts, the next one reads.
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  let before: TestApp;
  let after: TestApp;
  beforeAll(async () => {
    before = await createTestApp(database);
  });
  afterAll(async () => {
    await before.close();
    await after.close();
  });
  return {
    get before() {
      return before;
    },
    async start(migration) {
      await before.connection.collection<{ _id: string }>('migrations').deleteOne({ _id: migration });
      after = await createTestApp(database);
      return after;
    },
  };
}
