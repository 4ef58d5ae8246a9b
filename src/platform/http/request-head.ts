import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { ProcessConfig } from '../config/process.config.js';
import { HttpConfig } from './http.config.js';
import { apiError, invalid } from '../errors/errors.js';

/** Node's own pattern for what it answers by itself. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

function nameIn(host: string): string {
  const address = `http://${host}`;
  const name = URL.canParse(address) ? new URL(address).hostname : '';
  return name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/**
 * Whether a Host may be answered. A page whose name an attacker lets resolve to 127.0.0.1 (DNS rebinding) speaks to
 * a developer's server as its own; it has to use that name, so addresses and names of this machine are harmless.
 */
function hostRule(config: Config): (host: string) => boolean {
  const { publicUrl, host } = config.of(HttpConfig);
  // In clusters and behind proxies a server has names that it does not know, and PUBLIC_URL says what pages may do.
  if (config.of(ProcessConfig).mode === 'production' || publicUrl !== undefined) return () => true;
  return (given) => {
    const name = nameIn(given);
    return (
      isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || name === host.toLowerCase()
    );
  };
}

/**
 * Refuses a request whose Host is missing (HTTP/1.1 requires it) or foreign, and expectations that nobody can meet.
 * Node would answer these itself, without the envelope.
 */
export function installRequestHead(fastify: FastifyInstance, config: Config): void {
  const isKnown = hostRule(config);
  const { server } = fastify;
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  fastify.addHook('onRequest', ({ headers, raw }, _, done) => {
    const { host, expect } = headers;
    if (host === undefined) {
      return raw.httpVersion === '1.0'
        ? done()
        : done(invalid([{ path: 'host', message: 'host is required' }]));
    }
    if (expect !== undefined && raw.httpVersion !== '1.0' && !CONTINUE.test(expect)) {
      return done(apiError('EXPECTATION_FAILED'));
    }
    return isKnown(host) ? done() : done(apiError('MISDIRECTED_REQUEST'));
  });
}
