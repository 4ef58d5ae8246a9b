import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiError } from '../errors/errors.js';
import { fail } from './failure.js';

/**
 * Longest time that a request may wait for the database. The driver retries once and notices a frozen
 * database late, so its own limits add up to more than a client should wait.
 */
const DEADLINE_MS = 2_500;

declare module 'fastify' {
  interface FastifyRequest {
    deadline?: NodeJS.Timeout | undefined;
  }
}

function start(request: FastifyRequest, reply: FastifyReply): void {
  // A request that its route hands on to the not-found handler comes here once more.
  clearTimeout(request.deadline);
  request.deadline = setTimeout(() => fail(apiError('DATABASE_UNAVAILABLE'), request, reply), DEADLINE_MS);
}

function stop(request: FastifyRequest): void {
  clearTimeout(request.deadline);
  request.deadline = undefined;
}

/**
 * Answers 503 when finding out who calls, or the handler, takes too long. The time in which a client
 * sends its body does not count; Node's request timeout bounds it.
 */
export function installDeadline(fastify: FastifyInstance): void {
  fastify.decorateRequest('deadline', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    start(request, reply);
    done();
  });
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    const { headers } = request;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) stop(request);
    done();
  });
  fastify.addHook('preHandler', (request, reply, done) => {
    if (request.deadline === undefined) start(request, reply);
    done();
  });
  fastify.addHook('onResponse', (request, _, done) => {
    stop(request);
    done();
  });
}
