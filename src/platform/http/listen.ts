import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError } from '../config/config.js';
import type { HttpConfig } from './http.config.js';
import { StartError } from '../errors/start-error.js';

type Address = Pick<HttpConfig, 'port' | 'host'>;

/**
 * So many connections may wait to be taken while the process is busy. A client that finds no place tries again after
 * 1, 2, 4 … seconds, without being told anything.
 */
const BACKLOG = 4_096;

/** What to change when the operating system refuses the address, by its error code. */
const REFUSALS: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: ({ port }) => `PORT ${port} is in use. Stop the program that uses it, or set another PORT.`,
  EADDRNOTAVAIL: ({ host }) => `HOST ${host} is not an address of this machine.`,
  ENOTFOUND: ({ host }) => `HOST ${host} is not known.`,
};

/**
 * Initialises the application and takes requests. Resolves with its address: `http://127.0.0.1:3002`.
 * Fastify listens, not Nest, which would also log the error that is thrown here.
 * @throws StartError when the address cannot be used
 */
export async function listen(app: NestFastifyApplication, address: Address): Promise<string> {
  await app.init();
  try {
    const { port, host } = address;
    return await app.getHttpAdapter().getInstance().listen({ port, host, backlog: BACKLOG });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') {
      const problem = 'may not be used by this user: take one from 1024 on';
      throw new ConfigError([{ variable: 'PORT', problem }], { cause: error });
    }
    const refusal = REFUSALS[code];
    throw refusal ? new StartError(refusal(address), { cause: error }) : error;
  }
}
