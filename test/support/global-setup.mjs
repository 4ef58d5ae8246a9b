import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// Jest loads this file without its transform, so it takes the build, which `npm test` makes first.
import { startEmbeddedMongo } from '../../dist/embedded-mongo/embedded-mongo.js';

/** One real mongod for the whole run; every test file has a database of its own on it. */
export default async function setUp() {
  const dataDir = await mkdtemp(join(tmpdir(), 'product-test-'));
  const binary = process.env['MONGOD_BINARY'];
  const server = await startEmbeddedMongo({ dataDir, binary, env: process.env, log: process.stderr });
  process.stderr.write(`The tests run on mongod ${server.version}.\n`);
  globalThis.testMongo = { server, dataDir };
  process.env['TEST_MONGODB_URI'] = server.uri;
}
