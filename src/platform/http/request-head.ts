import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { ProcessConfig } from '../config/process.config.js';
import { HttpConfig } from './http.config.js';
import { apiError, invalid } from '../errors/errors.js';

/** Node's own pattern for the expectation that it handles. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

function nameIn(host: string): string {
  const address = `http://${host}`;
  const name = URL.canParse(address) ? new URL(address).hostname : '';
  return name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/**
 * Whether a Host may be answered. With DNS rebinding, an attacker's page makes its own name resolve to 127.0.0.1, so
 * that a developer's server counts as its own origin. Such requests carry the attacker's name as Host, so addresses and
 * names of this machine are safe.
 */
function hostRule(config: Config): (host: string) => boolean {
  const { publicUrl, host } = config.of(HttpConfig);
  // In clusters and behind proxies a server does not know all of its names; there PUBLIC_URL protects it.
  if (config.of(ProcessConfig).mode === 'production' || publicUrl !== undefined) return () => true;
  return (given) => {
    const name = nameIn(given);
    return (
      isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || name === host.toLowerCase()
    );
  };
}

/**
 * Refuses requests whose Host is missing (HTTP/1.1 requires it) or foreign, and unsupported expectations. Node would
 * answer these itself, without the envelope.
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
