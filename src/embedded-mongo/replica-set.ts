import { setInterval } from 'node:timers/promises';
import mongoose from 'mongoose';
import { isOutage } from '../platform/errors/driver-errors.js';
import { EmbeddedMongoError } from './embedded-mongo-error.js';

const PRIMARY_MS = 15_000;

type Admin = ReturnType<mongoose.mongo.Db['admin']>;

/**
 * Makes the mongod on this port the primary of its one-member replica set `rs0`, whether it is new or was a
 * member under another port before, and waits until it takes writes.
 * @param client may administer it
 * @throws EmbeddedMongoError when that takes more than 15 seconds
 */
export async function becomePrimary(client: mongoose.mongo.MongoClient, port: number): Promise<void> {
  const host = `127.0.0.1:${port}`;
  const admin = client.db().admin();
  const deadline = Date.now() + PRIMARY_MS;
  let hasJoined = false;
  for await (const _ of setInterval(10)) {
    try {
      if (!hasJoined) await joinAs(host, admin);
      hasJoined = true;
      const hello = await admin.command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return;
    } catch (error) {
      // A member whose part in the set changes closes its connections.
      if (!isOutage(error)) throw error;
    }
    if (Date.now() > deadline) throw new EmbeddedMongoError('The embedded MongoDB does not become primary');
  }
}

async function joinAs(host: string, admin: Admin): Promise<void> {
  try {
    await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host }] } });
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoServerError) || error.codeName !== 'AlreadyInitialized')
      throw error;
    const { config } = await admin.command({ replSetGetConfig: 1 });
    if (config.members[0].host === host) return;
    const moved = { ...config, version: config.version + 1, members: [{ ...config.members[0], host }] };
    // Nobody is primary under the old port, so nobody could agree to the change.
    await admin.command({ replSetReconfig: moved, force: true });
  }
}
