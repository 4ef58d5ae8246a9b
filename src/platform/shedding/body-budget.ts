import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiError } from '../errors/errors.js';
import { networkOf } from '../http/client-address.js';

/** Smaller bodies are not counted: the limit of concurrent requests bounds them. */
const COUNTED_BYTES = 64 * 1024;
/** Maximum bytes of larger bodies at a time, in total and per client: it takes four clients to exhaust them. */
const ALL_BYTES = 128 * 1024 * 1024;
const CLIENT_BYTES = ALL_BYTES / 4;

declare module 'fastify' {
  interface FastifyRequest {
    /** The memory reserved for its body. */
    bodyBytes: number;
  }
}

/** The length of a body; the route's maximum if its sender does not declare one. */
function lengthOf({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit ?? 0;
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit ?? Infinity);
}

/** Reserves memory for large bodies before they are read, and refuses those that do not fit. */
export function installBodyBudget(fastify: FastifyInstance): void {
  const byClient = new Map<string, number>();
  let all = 0;

  function add(request: FastifyRequest, bytes: number): void {
    const client = networkOf(request.clientAddress);
    const own = (byClient.get(client) ?? 0) + bytes;
    all += bytes;
    request.bodyBytes += bytes;
    if (own > 0) byClient.set(client, own);
    else byClient.delete(client);
  }

  fastify.decorateRequest('bodyBytes', 0);
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    const bytes = lengthOf(request);
    if (bytes <= COUNTED_BYTES) return done();
    const own = byClient.get(networkOf(request.clientAddress)) ?? 0;
    if (all + bytes > ALL_BYTES || own + bytes > CLIENT_BYTES) return done(apiError('OVERLOADED'));
    add(request, bytes);
    return done();
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (request.bodyBytes > 0) add(request, -request.bodyBytes);
    done();
  });
}
