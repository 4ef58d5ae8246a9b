import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Authenticator } from '../access/access.js';
import { apiError } from '../errors/errors.js';
import { networkOf } from '../http/client-address.js';
import { isLong } from '../http/closing.js';
import { type CorsHeaders, corsHeaders } from '../http/cors.js';
import { SECURITY_HEADERS } from '../http/headers.js';
import type { HttpConfig } from '../http/http.config.js';
import { requestIdOf } from '../http/request-id.js';
import { RefusalDelay } from '../limits/refusal-delay.js';
import type { AdaptiveLimit } from './adaptive-limit.js';

/** From this share of the limit on, it matters who is calling. */
const CROWDED = 0.75;
/** Callers without running requests may exceed the limit by this factor. */
const SPARE = 1.25;
/** How often running requests are counted per caller. */
const COUNT_EVERY_MS = 5;
/** The delay of refusals to those who ask again at once, in milliseconds: each of them holds a connection meanwhile. */
const REFUSED_AFTER_MS = 100;
/** How often refusals are logged. */
const REPORT_EVERY_MS = 1_000;

/** Refused callers without a valid token, and with one. */
type ShedClass = 'stranger' | 'verified';

declare module 'fastify' {
  interface FastifyRequest {
    /** The user or network that the request counts for; set when first needed. */
    subject: string | undefined;
  }
}

interface Options {
  readonly limit: AdaptiveLimit;
  readonly authenticator: Pick<Authenticator, 'subjectOf'>;
  readonly config: Pick<HttpConfig, 'corsOrigins'>;
  /** The addresses that are not limited, such as probes. */
  readonly unlimited: ReadonlySet<string>;
  /** Whether the heap is nearly full. */
  readonly isMemoryShort: () => boolean;
}

const { status, message, code, headers: RETRY } = apiError('OVERLOADED');
const BODY = JSON.stringify({ success: false, error: message, code, requestId: '' });
const HEADERS = { ...SECURITY_HEADERS, ...RETRY, 'content-type': 'application/json; charset=utf-8' };

function refuse(request: IncomingMessage, response: ServerResponse, corsFor: CorsHeaders): void {
  const id = requestIdOf(request);
  const body = `${BODY.slice(0, -2)}${id}"}`;
  response.writeHead(status, {
    ...HEADERS,
    ...corsFor(request.headers.origin),
    'x-request-id': id,
    'content-length': body.length,
    ...(isLong(request) && { connection: 'close' }),
  });
  response.end(body);
}

/** The addresses of unlimited routes, with and without the path of PUBLIC_URL. Only routes that are added from now on. */
export function unlimitedPaths(fastify: FastifyInstance, base: string): ReadonlySet<string> {
  const paths = new Set<string>();
  fastify.addHook('onRoute', ({ url, config }: RouteOptions) => {
    if (config?.unlimited) paths.add(url).add(base + url);
  });
  return paths;
}

/**
 * Refuses requests that cannot be answered in time, before any work is done for them: in front of Fastify, because the
 * cost of refusals is taken from the accepted requests. Probes always pass. Callers without a valid token are refused
 * first, then those with more than their share of running requests, and last those without any. Who asks again at once
 * waits for the next refusal.
 * @returns the refused requests by class, which it goes on counting
 */
export function installLoadShedding(
  fastify: FastifyInstance,
  { limit, authenticator, config, unlimited, isMemoryShort }: Options,
): Readonly<Record<ShedClass, number>> {
  const { server, underWay } = fastify;
  const corsFor = corsHeaders(config.corsOrigins);
  const shed = { stranger: 0, verified: 0 };
  const refusalDelay = new RefusalDelay(REFUSED_AFTER_MS);
  let counts = new Map<string, number>();
  let countedAt = -Infinity;
  let reported = { ...shed };
  let reportedAt = -Infinity;

  function ownerOf(request: FastifyRequest): string {
    request.subject ??= authenticator.subjectOf(request) ?? networkOf(request.clientAddress);
    return request.subject;
  }

  /** Running requests per caller; not recounted for each request, since refusals come by the thousand. */
  function requestsByCaller(): Map<string, number> {
    const now = performance.now();
    if (now - countedAt < COUNT_EVERY_MS) return counts;
    countedAt = now;
    counts = new Map();
    for (const { request } of underWay.worked) {
      const owner = ownerOf(request);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    return counts;
  }

  /** Whether the caller has no more than its share of the running requests. If so, this request counts from now on. */
  function isModest(subject: string, most: number): boolean {
    const { busy } = underWay;
    const known = requestsByCaller();
    const own = known.get(subject) ?? 0;
    const subjects = known.size + (own === 0 ? 1 : 0);
    const isLetIn = busy < most ? own < most / subjects : own === 0 && busy < most * SPARE;
    if (isLetIn) known.set(subject, own + 1);
    return isLetIn;
  }

  /** Who is refused, the user or nobody known, or undefined for an accepted request. */
  function refusedAs(request: IncomingMessage): { readonly user: string | undefined } | undefined {
    const { busy } = underWay;
    const most = limit.limitFor(busy);
    const isFull = isMemoryShort();
    if (busy < most * CROWDED && !isFull) return undefined;
    if (unlimited.has(request.url?.split('?', 1)[0] ?? '')) return undefined;
    const subject = authenticator.subjectOf(request);
    if (!isFull && subject !== undefined && isModest(subject, most)) return undefined;
    return { user: subject };
  }

  function note(kind: ShedClass): void {
    shed[kind] += 1;
    const now = performance.now();
    if (now - reportedAt < REPORT_EVERY_MS) return;
    const refused = {
      stranger: shed.stranger - reported.stranger,
      verified: shed.verified - reported.verified,
    };
    fastify.log.warn({ event: 'overloaded', refused, limit: Math.floor(limit.current) }, message);
    reported = { ...shed };
    reportedAt = now;
  }

  fastify.decorateRequest('subject', undefined);
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const refused = refusedAs(request);
    if (refused === undefined) {
      for (const listener of listeners) listener.call(server, request, response);
      return;
    }
    note(refused.user === undefined ? 'stranger' : 'verified');
    // All strangers together: addresses are cheap.
    refusalDelay.answer(refused.user ?? '', () => refuse(request, response, corsFor));
  });
  return shed;
}
