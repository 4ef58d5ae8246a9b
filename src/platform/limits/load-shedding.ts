import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/access.js';
import { apiError } from '../errors/errors.js';
import { networkOf } from '../http/client-address.js';
import { isLong } from '../http/closing.js';
import type { CorsHeaders } from '../http/cors.js';
import { SECURITY_HEADERS } from '../http/headers.js';
import type { UnderWay } from '../http/under-way.js';
import type { AdaptiveLimit } from './adaptive-limit.js';

/** From this share of the limit on it matters who asks. */
const CROWDED = 0.75;
/** So far beyond the limit goes who has nothing under way. */
const SPARE = 1.25;
/** How often is logged that requests are refused. */
const TELL_EVERY_MS = 1_000;

/** Who is refused: on public routes and where there is no route; without a token that verifies; with one. */
export type ShedClass = 'public' | 'unverified' | 'verified';

declare module 'fastify' {
  interface FastifyRequest {
    /** As what it was refused, before anything was done for it. */
    shedAs: ShedClass | undefined;
  }
  interface FastifyInstance {
    /** How many requests may be worked on at a time. */
    limitOfRequests: AdaptiveLimit;
  }
}

interface Options {
  readonly limit: AdaptiveLimit;
  readonly underWay: UnderWay;
  readonly authenticator: Pick<Authenticator, 'subjectOf'>;
  readonly corsFor: CorsHeaders;
}

const { status, message, code, headers: RETRY } = apiError('OVERLOADED');
const BODY = JSON.stringify({ success: false, error: message, code, requestId: '' });
const HEADERS = { ...SECURITY_HEADERS, ...RETRY, 'content-type': 'application/json; charset=utf-8' };

/** Answers past Fastify, with what is made already: refusing must cost next to nothing. */
function refuse(request: FastifyRequest, { raw: response }: FastifyReply, corsFor: CorsHeaders): void {
  const { id, raw, headers } = request;
  const body = `${BODY.slice(0, -2)}${id}"}`;
  response.writeHead(status, {
    ...HEADERS,
    ...corsFor(headers.origin),
    'x-request-id': id,
    'content-length': body.length,
    ...(isLong(raw) && { connection: 'close' }),
  });
  response.end(body);
}

/**
 * Refuses what cannot be answered in time, before anything is done for it. Probes always pass. Who shows no token that
 * verifies is refused first, then who has more under way than others, and last who has nothing under way.
 */
export function installLoadShedding(
  fastify: FastifyInstance,
  { limit, underWay, authenticator, corsFor }: Options,
): void {
  let refused: Partial<Record<ShedClass, number>> = {};
  let toldAt = -Infinity;

  /** Whether the caller has no more than its share of what is worked on. */
  function isModest(subject: string, most: number): boolean {
    const subjects = new Set([subject]);
    let own = 0;
    for (const { request } of underWay.worked) {
      const other = request.caller?.id ?? networkOf(request.clientAddress);
      subjects.add(other);
      if (other === subject) own += 1;
    }
    return underWay.busy < most ? own < most / subjects.size : own === 0 && underWay.busy < most * SPARE;
  }

  /** The class of a request that is refused, or undefined for one that is let in. */
  function refusedAs(request: FastifyRequest): ShedClass | undefined {
    const { busy } = underWay;
    const most = limit.limitFor(busy);
    if (busy < most * CROWDED) return undefined;
    const { unlimited, access } = request.routeOptions.config;
    if (unlimited) return undefined;
    if (access === undefined || access.kind === 'public') return 'public';
    const subject = authenticator.subjectOf(request);
    if (subject === undefined) return 'unverified';
    return isModest(subject, most) ? undefined : 'verified';
  }

  function note(kind: ShedClass): void {
    refused[kind] = (refused[kind] ?? 0) + 1;
    const now = performance.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    fastify.log.warn({ event: 'overloaded', refused, limit: limit.current }, message);
    refused = {};
    toldAt = now;
  }

  fastify.decorate('limitOfRequests', limit);
  fastify.decorateRequest('shedAs', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    const kind = refusedAs(request);
    if (kind === undefined) return done();
    request.shedAs = kind;
    note(kind);
    refuse(request, reply, corsFor);
  });
}
