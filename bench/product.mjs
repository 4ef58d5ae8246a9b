/** The built product in this process, on a separate database that is removed at the end. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/platform/config/config.js';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';

/** @param settings environment variables that override the defaults for measuring */
export async function startProduct(settings) {
  const dataDir = await mkdtemp(join(tmpdir(), 'product-bench-'));
  const { MONGOD_BINARY: binary } = process.env;
  const mongod = await startEmbeddedMongo({ dataDir, binary, env: process.env, log: process.stderr });
  const secret = () => randomBytes(32).toString('base64');
  const config = parseConfig({
    NODE_ENV: 'test',
    BCRYPT_ROUNDS: '4',
    DATA_DIR: dataDir,
    MONGODB_URI: mongod.uri,
    JWT_SECRET: secret(),
    ENCRYPTION_KEY: secret(),
    ...settings,
  });
  const app = await createApp(config, new Writable({ write: (_chunk, _encoding, done) => done() }));
  await app.init();
  const stop = async () => {
    await app.close();
    await mongod.stop();
    await rm(dataDir, { recursive: true });
  };
  return { app, config, stop };
}
