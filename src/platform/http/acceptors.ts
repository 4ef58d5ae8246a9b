import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Sockets that listen on the port. Node accepts one connection of each in a turn of the event loop: with a single one,
 * new clients, such as probes, wait for seconds while an overloaded process has turns of ten milliseconds.
 */
const ACCEPTORS = 8;

/**
 * How many connections may wait to be accepted while the process is busy. The kernel of a client that finds the queue
 * full silently retries after 1, 2, 4 … seconds.
 */
export const BACKLOG = 4_096;

declare module 'fastify' {
  interface FastifyInstance {
    /** Opens the other acceptors of a server that listens with `reusePort`. */
    acceptMore: () => Promise<void>;
  }
}

/** Whether the operating system spreads connections over several sockets that listen on one port. */
export const CAN_SHARE_PORT = process.platform === 'linux';

/** Accepts connections for a server on its own address, too. */
async function acceptFor(server: Server): Promise<Server> {
  const { port, address: host } = server.address() as AddressInfo;
  const acceptor = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    server.emit('connection', socket);
  });
  acceptor.listen({ port, host, backlog: BACKLOG, reusePort: true });
  await once(acceptor, 'listening');
  return acceptor;
}

/**
 * Closes the server and its acceptors, and waits until the requests of all are answered, before Fastify closes the rest.
 * To be called after whatever ends connections and requests on close.
 */
export function prepareAcceptors(fastify: FastifyInstance): void {
  let acceptors: readonly Server[] = [];
  fastify.decorate('acceptMore', async () => {
    acceptors = await Promise.all(Array.from({ length: ACCEPTORS - 1 }, () => acceptFor(fastify.server)));
  });
  fastify.addHook('preClose', (done) => {
    const listening = [fastify.server, ...acceptors].filter((each) => each.listening);
    void Promise.all(listening.map((each) => new Promise((settle) => each.close(settle)))).then(() => done());
  });
}
