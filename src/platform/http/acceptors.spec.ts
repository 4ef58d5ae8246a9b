import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { BACKLOG, CAN_SHARE_PORT, prepareAcceptors } from './acceptors.js';

const CLIENTS = 64;

/** A server on several sockets, whose answers take a while; and where it listens. */
async function listening(): Promise<{ server: FastifyInstance; port: number }> {
  const server = fastify();
  prepareAcceptors(server);
  server.get('/', async () => {
    await sleep(300);
    return 'done';
  });
  const options = { port: 0, host: '127.0.0.1', backlog: BACKLOG, reusePort: CAN_SHARE_PORT };
  const url = await server.listen(options);
  if (CAN_SHARE_PORT) await server.acceptMore();
  return { server, port: Number(new URL(url).port) };
}

/** Everything that is received on a connection of its own. */
function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  return text(socket);
}

describe('several acceptors', () => {
  it('answer whoever connects, also while the server closes, and accept nobody after', async () => {
    const { server, port } = await listening();
    let isClosed = false;
    const answers = Array.from({ length: CLIENTS }, () => ask(port));
    await sleep(100);
    const closing = server.close().then(() => (isClosed = true));
    await sleep(50);
    await expect(ask(port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    expect(isClosed).toBe(false);
    const received = await Promise.all(answers);
    expect(received.filter((each) => /^HTTP\/1\.1 200 .*done$/s.test(each))).toHaveLength(CLIENTS);
    await closing;
    expect(isClosed).toBe(true);
  });
});
