import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { ChangeFeed } from '../database/change-feed.js';
import type { DatabaseQueue } from '../database/database-queue.js';
import type { UnderWay } from '../http/requests-under-way.js';

/** Names of the product's own metrics; docs/operations.md lists them. The others are Node's, from the Prometheus client. */
export const METRICS = {
  requests: 'http_request_duration_seconds',
  inProgress: 'http_requests_in_progress',
  connections: 'db_client_connections',
  waiting: 'db_client_connections_pending_requests',
  changeFeedAge: 'change_feed_age_seconds',
} as const;

/** By the first digit of a status. */
const STATUS_CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** What requests without a route are counted under, so that made up addresses make no series. */
const NO_ROUTE = '__unknown__';

/** How often the event loop is looked at, in milliseconds: a hundred times a second would be most of what an idle process does. */
const SELDOM = { eventLoopMonitoringPrecision: 500, eventLoopUtilizationTimeout: 5_000 };

/** What the gauges read. */
interface Sources {
  readonly underWay: Pick<UnderWay, 'busy'>;
  readonly database: Pick<DatabaseQueue, 'used' | 'idle' | 'waiting'>;
  readonly changeFeed: Pick<ChangeFeed, 'ageSeconds'>;
}

type Reading = number | undefined;

/** Adds a gauge that is read when the metrics are, and costs nothing otherwise. It has no value while none is known. */
export function readGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => Reading | Promise<Reading>,
): void {
  const collect = async (): Promise<void> => {
    const value = await read();
    if (value === undefined) gauge.remove();
    else gauge.set(value);
  };
  const gauge: Gauge = new Gauge({ name, help, registers: [], collect });
  registry.registerMetric(gauge);
}

/** Adds a metric of which each value of a label has a number that is counted elsewhere. */
export function readEach(
  registry: Registry,
  Metric: typeof Counter | typeof Gauge,
  { name, help, label }: { readonly name: string; readonly help: string; readonly label: string },
  read: () => Readonly<Record<string, number>>,
): void {
  const collect = (): void => {
    metric.reset();
    for (const [value, count] of Object.entries(read())) metric.inc({ [label]: value }, count);
  };
  const metric = new Metric({ name, help, labelNames: [label], registers: [], collect });
  registry.registerMetric(metric);
}

/** Counts and times requests by method, route pattern and status class. Each application has its own registry. */
export function installMetrics(fastify: FastifyInstance, { underWay, database, changeFeed }: Sources): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, ...SELDOM });
  const seconds = new Histogram({
    name: METRICS.requests,
    help: 'request duration in seconds',
    labelNames: ['method', 'route', 'status_code'],
    registers: [registry],
  });
  const connections = 'connections to MongoDB that serve requests';
  readEach(registry, Gauge, { name: METRICS.connections, help: connections, label: 'state' }, () => ({
    used: database.used,
    idle: database.idle,
  }));
  const add = readGauge.bind(undefined, registry);
  add(METRICS.inProgress, 'requests that are worked on', () => underWay.busy);
  add(METRICS.waiting, 'operations that wait for a connection to MongoDB', () => database.waiting);
  add(METRICS.changeFeedAge, 'time since every change was known', () => changeFeed.ageSeconds);
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
