import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { apiError } from '../errors/errors.js';
import { networkOf } from '../http/client-address.js';
import { routeConfig } from '../http/route-config.js';
import type { SharedWindow, SharedWindows } from './shared-windows.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests are not counted. */
    unlimited?: boolean;
  }
  interface FastifyInstance {
    /** Counts a request, sends the rate limit headers, and refuses it when nothing is left. */
    limit: (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;
  }
}

const WINDOW_MS = 60_000;
/** Maximum number of clients that are tracked. */
const MAX_CLIENTS = 10_000;

/** The requests of one client in its current minute. */
interface Window {
  readonly until: number;
  requests: number;
}

/** Exempts a route from the rate limit: probes and scrapers poll often, from one address. */
export function Unlimited(): MethodDecorator {
  return routeConfig({ unlimited: true });
}

function tooMany(restMs: number): Error {
  return apiError('RATE_LIMITED', { retryAfter: restMs / 1000 });
}

/**
 * Counts requests per minute and client. A client's minute starts with its first request; with too many clients, the
 * one whose minute started first is evicted.
 * @param shared where requests are counted across all processes, while that is available
 */
export function installRateLimit(
  fastify: FastifyInstance,
  max: number,
  shared?: Pick<SharedWindows, 'store'>,
): void {
  const policy = `"default";q=${max};w=${WINDOW_MS / 1000}`;
  // In the order in which their minutes started.
  const windows = new Map<string, Window>();

  function windowOf(client: string, now: number): Window {
    const known = windows.get(client);
    if (known && known.until > now) return known;
    windows.delete(client);
    const [oldest] = windows.size < MAX_CLIENTS ? [] : windows.keys();
    if (oldest !== undefined) windows.delete(oldest);
    const started = { until: now + WINDOW_MS, requests: 0 };
    windows.set(client, started);
    return started;
  }

  /** Of draft-ietf-httpapi-ratelimit-headers. */
  function setHeaders(reply: FastifyReply, requests: number, restMs: number): void {
    const left = requests < max ? max - requests : 0;
    reply.header('ratelimit-policy', policy);
    reply.header('ratelimit', `"default";r=${left};t=${Math.ceil(restMs / 1000)}`);
  }

  function limit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const now = Date.now();
    const client = networkOf(request.clientAddress);
    const window = windowOf(client, now);
    window.requests += 1;
    setHeaders(reply, window.requests, window.until - now);
    // Already too many in this process alone: no need to ask.
    if (window.requests > max) return done(tooMany(window.until - now));
    const store = shared?.store;
    if (!store?.isAvailable) return done();
    const judge = (all: SharedWindow | undefined): void => {
      if (all && all.count > window.requests) setHeaders(reply, all.count, all.restMs);
      done(all && all.count > max ? tooMany(all.restMs) : undefined);
    };
    void store.count(`rate ${client}`, WINDOW_MS).then(judge);
  }

  fastify.decorate('limit', limit);
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (!route.config?.unlimited) route.onRequest = [route.onRequest ?? [], limit].flat();
  });
}
