import { once } from 'node:events';
import { createServer } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError } from '../config/config.js';
import type { HttpConfig } from './http.config.js';
import { BACKLOG, CAN_SHARE_PORT } from './acceptors.js';
import { StartError } from '../errors/start-error.js';

type Address = Pick<HttpConfig, 'port' | 'host'>;

/** What to change when the operating system refuses the address, by its error code. */
const REFUSALS: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ port }) => `PORT ${port} is in use. Stop the program that uses it, or set another PORT.`,
  EADDRNOTAVAIL: ({ host }) => `HOST ${host} is not an address of this machine.`,
  ENOTFOUND: ({ host }) => `HOST ${host} cannot be resolved.`,
};

function refusalOf(error: unknown, address: Address): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'EACCES') {
    const problem = 'may not be used by this user: take one from 1024 on';
    return new ConfigError([{ variable: 'PORT', problem }], { cause: error });
  }
  const refusal = REFUSALS[code];
  return refusal ? new StartError(refusal(address), { cause: error }) : error;
}

/**
 * Finds out, before anything is started, whether the address can be listened on.
 * @throws StartError when it cannot
 */
export async function checkAddress({ port, host }: Address): Promise<void> {
  const server = createServer();
  try {
    server.listen({ port, host });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } catch (error) {
    throw refusalOf(error, { port, host });
  }
}

/**
 * Initialises the application and starts listening. Resolves with its address: `http://127.0.0.1:3002`. Uses Fastify's
 * `listen`, since Nest's would also log the error that is thrown here.
 * @throws StartError when the address cannot be used
 */
export async function listen(app: NestFastifyApplication, address: Address): Promise<string> {
  await app.init();
  try {
    const { port, host } = address;
    const options = { port, host, backlog: BACKLOG, reusePort: CAN_SHARE_PORT };
    const fastify = app.getHttpAdapter().getInstance();
    const url = await fastify.listen(options);
    if (CAN_SHARE_PORT) await fastify.acceptMore();
    return url;
  } catch (error) {
    throw refusalOf(error, address);
  }
}
