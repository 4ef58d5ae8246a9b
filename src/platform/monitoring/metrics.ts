import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** Names of the product's own metrics; docs/operations.md lists them. The others are Node's, from the Prometheus client. */
export const METRICS = {
  requests: 'http_request_duration_seconds',
  shed: 'http_requests_shed_total',
  limit: 'http_requests_limit',
} as const;

/** By the first digit of a status. */
const STATUS_CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** What requests without a route are counted under, so that made up addresses make no series. */
const NO_ROUTE = '__unknown__';

/** How often the event loop is looked at, in milliseconds: a hundred times a second would be most of what an idle process does. */
const SELDOM = { eventLoopMonitoringPrecision: 500, eventLoopUtilizationTimeout: 5_000 };

/** Counts and times requests by method, route pattern and status class. Each application has its own registry. */
export function installMetrics(fastify: FastifyInstance): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, ...SELDOM });
  const seconds = new Histogram({
    name: METRICS.requests,
    help: 'request duration in seconds',
    labelNames: ['method', 'route', 'status_code'],
    registers: [registry],
  });
  const shed: Counter<'class'> = new Counter({
    name: METRICS.shed,
    help: 'requests refused with 503 OVERLOADED before anything was done for them',
    labelNames: ['class'],
    registers: [],
    collect: () => {
      shed.reset();
      for (const [kind, count] of Object.entries(fastify.requestsShed)) shed.inc({ class: kind }, count);
    },
  });
  const limit: Gauge = new Gauge({
    name: METRICS.limit,
    help: 'requests that may be worked on at a time',
    registers: [],
    collect: () => limit.set(fastify.limitOfRequests.current),
  });
  registry.registerMetric(shed);
  registry.registerMetric(limit);
  fastify.addHook('onResponse', (request, reply, done) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? NO_ROUTE,
      status_code: STATUS_CLASSES[Math.floor(reply.statusCode / 100)],
    };
    seconds.observe(labels, reply.elapsedTime / 1000);
    done();
  });
  fastify.decorate('metricsRegistry', registry);
}

declare module 'fastify' {
  interface FastifyInstance {
    metricsRegistry: Registry;
  }
}
