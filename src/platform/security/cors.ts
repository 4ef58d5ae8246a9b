import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Headers that pages of other origins may read. */
const EXPOSED_HEADERS = ['ETag', 'X-Request-Id', 'Retry-After', 'Idempotency-Replayed'];

/**
 * Lets pages of these origins call the API. What is no preflight of theirs is answered as if there were no
 * CORS: without its headers, and OPTIONS with 404 or 405.
 */
export async function installCors(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  const optionsFor = ({ headers }: FastifyRequest): FastifyCorsOptions => ({
    origin: headers.origin !== undefined && origins.includes(headers.origin) ? headers.origin : false,
    methods: METHODS,
    exposedHeaders: EXPOSED_HEADERS,
    preflight: headers['access-control-request-method'] !== undefined,
  });
  await fastify.register(cors, { delegator: (request, done) => done(null, optionsFor(request)) });
}
