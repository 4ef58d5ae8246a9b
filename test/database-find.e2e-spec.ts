import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose, { type mongo } from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { find } from '../src/platform/database/find.js';
import { isOutage } from '../src/platform/errors/driver-errors.js';
import { testConfig } from './support/test-app.js';

const { MongoClient } = mongoose.mongo;

/** A way to mongod that breaks each connection when a `find` comes along, so many times. */
class BreakingWay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  breaks = 0;

  constructor(host: string, port: number) {
    this.server = createServer((client) => {
      const upstream = connect(port, host);
      for (const socket of [client, upstream]) {
        this.sockets.add(socket.on('error', () => undefined));
        socket.on('close', () => [client, upstream].map((each) => each.destroy()));
      }
      upstream.pipe(client);
      client.on('data', (bytes) => {
        if (this.breaks === 0 || !bytes.includes('find\0')) return upstream.write(bytes);
        this.breaks -= 1;
        return client.destroy();
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

describe('reading by command', () => {
  let direct: mongo.MongoClient;
  let broken: mongo.MongoClient;
  let way: BreakingWay;
  const uri = new URL(testConfig().of(DatabaseConfig).mongodbUri ?? '');

  beforeAll(async () => {
    direct = await new MongoClient(uri.href).connect();
    way = new BreakingWay(uri.hostname, Number(uri.port));
    const through = new URL(uri);
    through.port = String(await way.listen());
    broken = await new MongoClient(through.href, { serverSelectionTimeoutMS: 1000 }).connect();
  });
  afterAll(async () => {
    await direct.db().dropDatabase();
    await Promise.all([direct.close(), broken.close()]);
    way.close();
  });

  it('finds what the driver finds', async () => {
    const numbers = direct.db().collection('numbers');
    await numbers.insertMany(Array.from({ length: 30 }, (_, n) => ({ n, odd: n % 2 === 1 })));
    const query = { filter: { odd: true }, sort: { n: -1 }, skip: 2, limit: 5 } as const;
    const found = await find<{ n: number }>(direct.db(), 'numbers', {
      ...query,
      projection: { _id: 0, n: 1 },
    });
    expect(found).toEqual([{ n: 25 }, { n: 23 }, { n: 21 }, { n: 19 }, { n: 17 }]);
    expect(await find(direct.db(), 'numbers', { ...query, filter: { odd: 'x' } })).toEqual([]);
    expect(await find(direct.db(), 'numbers', query)).toEqual(
      await numbers.find(query.filter, { sort: query.sort, skip: 2, limit: 5 }).toArray(),
    );
  });

  it('finds all records where they need several batches of 16 MiB', async () => {
    const large = direct.db().collection('large');
    const text = 'x'.repeat(6 * 1024 * 1024);
    for (let n = 0; n < 7; n++) await large.insertOne({ n, text });
    const found = await find<{ n: number }>(direct.db(), 'large', { filter: {}, sort: { n: 1 }, limit: 6 });
    expect(found.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('tries once more where the connection breaks', async () => {
    await direct.db().collection('one').insertOne({ n: 1 });
    way.breaks = 1;
    expect(await find(broken.db(), 'one', { filter: {}, limit: 1 })).toMatchObject([{ n: 1 }]);
    expect(way.breaks).toBe(0);
  });

  it('gives up after that', async () => {
    way.breaks = 2;
    const error: unknown = await find(broken.db(), 'one', { filter: {}, limit: 1 }).catch(
      (reason: unknown) => reason,
    );
    expect(isOutage(error)).toBe(true);
    expect(way.breaks).toBe(0);
  });

  it('does not try again what the database refuses', async () => {
    await expect(find(direct.db(), 'one', { filter: { $bad: 1 }, limit: 1 })).rejects.toThrow('$bad');
  });
});
