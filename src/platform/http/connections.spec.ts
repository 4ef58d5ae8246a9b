import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BOUNDS, Connections } from './connections.js';

/** A tenth of the product's times, so that nobody has to wait for them. */
const QUICK = {
  ...BOUNDS,
  patienceMs: { reading: 1_000, dropping: 200 },
  mostPatienceMs: { reading: 25_600, dropping: 200 },
  // What the kernel of this machine takes at once lasts for no longer than a few seconds.
  bytesPerSecond: 1024 * 1024,
  droppingMs: 1_000,
  droppingAtCloseMs: 100,
  lookEveryMs: 50,
  perClient: 5,
};
const ANSWER = Buffer.alloc(16 * 1024 * 1024);
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a connection', () => {
  let server: Server;
  let connections: Connections;
  const sockets: Socket[] = [];

  async function start(answer: (res: ServerResponse) => void, isProxy = false): Promise<void> {
    server = createServer((_, res) => answer(res));
    connections = new Connections(server, () => isProxy, QUICK);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  function open(address = '127.0.0.1'): Socket {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', localAddress: address });
    sockets.push(socket.on('error', () => undefined));
    return socket;
  }
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  const closed = async (socket: Socket): Promise<boolean> => {
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    return true;
  };
  const serverSide = async (): Promise<Socket> => ((await once(server, 'connection')) as [Socket])[0];

  it('ends when its answer is not read', async () => {
    await start((res) => res.end(ANSWER));
    const socket = open().pause();
    socket.write(GET);
    const served = await serverSide();
    await once(served, 'close');
    expect(served.bytesWritten).toBeGreaterThan(0);
  });

  it('ends when its answer is read too slowly', async () => {
    await start((res) => res.end(ANSWER));
    const socket = open().pause();
    socket.write(GET);
    const drip = setInterval(() => socket.read(100), 50);
    await once(await serverSide(), 'close');
    clearInterval(drip);
  });

  it('stays while its answer is read slowly enough', async () => {
    await start((res) => res.end(ANSWER));
    const socket = open();
    socket.write(GET);
    let received = 0;
    while (received < ANSWER.length) {
      const chunk = socket.read() as Buffer | null;
      received += chunk?.length ?? 0;
      if (chunk === null) await Promise.race([once(socket, 'readable'), closed(socket.pause())]);
      else await sleep(5);
    }
    expect(socket.destroyed).toBe(false);
  }, 20_000);

  it('stays while its client reads what was taken at once on the way', async () => {
    await start((res) => res.end(ANSWER));
    const socket = open();
    socket.write(GET);
    let [received, isRested] = [0, false];
    while (received < ANSWER.length) {
      const chunk = socket.read() as Buffer | null;
      received += chunk?.length ?? 0;
      if (chunk === null) await Promise.race([once(socket, 'readable'), closed(socket.pause())]);
      else await sleep(5);
      if (isRested || received < ANSWER.length / 2) continue;
      isRested = true;
      await sleep(3 * QUICK.patienceMs.reading);
    }
    expect(socket.destroyed).toBe(false);
  }, 20_000);

  it('stays while an answer has nothing to say, and when nothing is asked any more', async () => {
    const answers: ServerResponse[] = [];
    await start((res) => {
      res.write('event');
      answers.push(res);
    });
    const socket = open();
    socket.write(GET);
    await once(socket, 'data');
    await sleep(2 * QUICK.patienceMs.reading);
    answers[0]?.end('last');
    await once(socket, 'data');
    await sleep(2 * QUICK.patienceMs.reading);
    socket.write(GET);
    await once(socket, 'data');
    answers[1]?.end();
  });

  it('is refused when its client has too many, and taken again when one has ended', async () => {
    await start((res) => res.end('answer'));
    const first = Array.from({ length: QUICK.perClient }, () => open());
    await Promise.all(first.map((socket) => once(socket, 'connect')));
    const [refusal] = (await once(open(), 'data')) as [Buffer];
    expect(refusal.toString()).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*"OVERLOADED"/is);

    const neighbour = open('127.0.0.2');
    neighbour.write(GET);
    expect(String(await once(neighbour, 'data'))).toMatch(/^HTTP\/1\.1 200 /);

    first[0]?.destroy();
    await sleep(100);
    const next = open();
    next.write(GET);
    expect(String(await once(next, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is taken from a proxy however many it has', async () => {
    await start((res) => res.end('answer'), true);
    const all = Array.from({ length: 3 * QUICK.perClient }, () => open());
    for (const socket of all) socket.write(GET);
    const answers = await Promise.all(all.map(async (socket) => String(await once(socket, 'data'))));
    expect(answers.filter((answer) => !answer.startsWith('HTTP/1.1 200 '))).toEqual([]);
  });

  it('ends at once when the server closes and nothing is asked on it, and else after its answer', async () => {
    const answers: ServerResponse[] = [];
    await start((res) => answers.push(res));
    const [silent, halfAsked, busy] = [open(), open(), open()];
    halfAsked.write(GET.slice(0, 20));
    busy.write(GET);
    while (answers.length === 0) await once(server, 'request');
    connections.close();
    expect(await Promise.all([closed(silent), closed(halfAsked)])).toEqual([true, true]);
    expect(await closed(open())).toBe(true);
    expect(busy.destroyed).toBe(false);
    answers[0]?.end('answer');
    expect(String(await once(busy, 'data'))).toContain('answer');
    await closed(busy);
  });
});
