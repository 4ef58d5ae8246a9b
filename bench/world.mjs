/** The database that every server is measured on: one user with projects, and its token. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSigner } from 'fast-jwt';
import { MongoClient, ObjectId } from 'mongodb';
import { PRODUCT } from '../src/product/product.ts';

const userId = new ObjectId('66f1a0c2e4b0a1b2c3d4e5f6');
const sessionId = new ObjectId('66f1a0c2e4b0a1b2c3d4e5f8');
/** How many projects are read in turn. */
const MOST_READ = 500;
const START = Date.UTC(2026, 0, 1);

/** Project number `n`, the same in every run. */
function project(n) {
  const at = new Date(START + n * 1000);
  return {
    _id: new ObjectId(`66f1a0c2${n.toString(16).padStart(16, '0')}`),
    ownerId: userId,
    createdBy: userId,
    name: `Project ${n}`,
    description: `The description of project ${n}`,
    metadata: { colour: 'blue', tags: ['web', 'shop'], order: n },
    version: 1,
    createdAt: at,
    updatedAt: at,
  };
}

/** Fills a database, with the product's indexes. `onProgress` gets the number of documents. */
export async function createWorld(uri, count = 1000, onProgress = () => undefined) {
  const client = await new MongoClient(uri).connect();
  const db = client.db();
  await db.dropDatabase();
  const secret = randomBytes(48).toString('base64');
  await migrate(join(import.meta.dirname, '../dist'), { secret, userId }, uri);
  const now = new Date(START);
  const stamps = { version: 1, createdAt: now, updatedAt: now };
  const addUser = async (_id, sid, email) => {
    const user = { _id, email, name: 'Bench', passwordHash: '-', role: 'user' };
    const flags = { disabled: false, emailVerified: false, otpEnabled: false };
    await db.collection('users').insertOne({ ...user, ...flags, ...stamps });
    const session = { _id: sid, ownerId: _id, tokenHash: '-', generation: 1, rotatedAt: [], lastUsedAt: now };
    const expiresAt = new Date(Date.now() + 24 * 3_600_000);
    await db.collection('sessions').insertOne({ ...session, address: '127.0.0.1', expiresAt, ...stamps });
  };
  await addUser(userId, sessionId, 'bench@product.test');
  for (let from = 0; from < count; from += 10_000) {
    const numbers = Array.from({ length: Math.min(10_000, count - from) }, (_, index) => from + index);
    await db.collection('projects').insertMany(numbers.map(project), { ordered: false });
    onProgress(from + numbers.length);
  }
  const sign = createSigner({
    key: secret,
    iss: PRODUCT.key,
    aud: `${PRODUCT.key}-api`,
    expiresIn: 3_600_000,
  });
  const tokenOf = (user, session) => sign({ sub: user.toHexString(), sid: session.toHexString() });
  return {
    client,
    db,
    secret,
    userId: userId.toHexString(),
    token: tokenOf(userId, sessionId),
    /** Adds another user with projects; resolves with its token and their ids. */
    async join(number, projects = 50) {
      const [user, session] = [new ObjectId(), new ObjectId()];
      await addUser(user, session, `bench-${number}@product.test`);
      const ids = Array.from({ length: projects }, () => new ObjectId());
      const own = (_id, n) => ({ ...project(n), _id, ownerId: user, createdBy: user });
      await db.collection('projects').insertMany(ids.map(own));
      return { token: tokenOf(user, session), ids: ids.map((id) => id.toHexString()) };
    },
    /** The project that is replaced, and many others that are read. */
    projectId: project(Math.floor(count / 2))._id.toHexString(),
    projectIds: Array.from({ length: Math.min(count, MOST_READ) }, (_, n) => project(n)._id.toHexString()),
    /** Undoes what a run has added or changed, so that every server finds the same data. */
    async reset() {
      await db.collection('projects').deleteMany({ name: /^bench-/ });
      const middle = project(Math.floor(count / 2));
      await db.collection('projects').replaceOne({ _id: middle._id }, middle, { upsert: true });
    },
  };
}

/** Migrates a database to the version of a build, because in production a server does not migrate by itself. */
export async function migrate(dist, world, uri) {
  // Not synchronously: mongod would block while this process does not read its output.
  await promisify(execFile)(process.execPath, [join(dist, 'migrate.js')], {
    env: environmentFor(world, uri, 0),
  });
}

/** The environment of a server. The rate limit counts, but is never reached. */
export function environmentFor(world, uri, port) {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    MONGODB_URI: uri,
    JWT_SECRET: world.secret,
    ISSUER: PRODUCT.key,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    RATE_LIMIT_MAX: '1000000000',
    BENCH_USER_ID: world.userId,
  };
}
