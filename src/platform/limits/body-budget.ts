import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiError } from '../errors/errors.js';
import { networkOf } from '../http/client-address.js';

/** Smaller bodies are bounded by how many requests there may be. */
const COUNTED_BYTES = 64 * 1024;
/** Most bytes of larger bodies at a time, and most of one client: four clients are needed to use them all up. */
const ALL_BYTES = 128 * 1024 * 1024;
const CLIENT_BYTES = ALL_BYTES / 4;

declare module 'fastify' {
  interface FastifyRequest {
    /** What is set aside for its body. */
    bodyBytes: number;
  }
}

/** How long a body may become; the most that the route takes where its sender does not say. */
function lengthOf({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit ?? 0;
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit ?? Infinity);
}

/** Sets memory aside for large bodies before they are read, and refuses those for which there is none. */
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
