import type { FastifyInstance } from 'fastify';
import metricsPlugin, { type IMetricsPluginOptions } from 'fastify-metrics';
import { Registry } from '@prometheus-io/client';

/** Names of the product's own metrics; docs/operations.md lists them. The others are Node's, from the Prometheus client. */
export const METRICS = { requests: 'http_request_duration_seconds' } as const;

/** Counts and times requests by method, route pattern and status class. Each application has its own registry. */
export async function installMetrics(fastify: FastifyInstance): Promise<void> {
  const registry = new Registry();
  const options: Partial<IMetricsPluginOptions> = {
    endpoint: null,
    defaultMetrics: { enabled: true, register: registry },
    routeMetrics: {
      enabled: { histogram: true, summary: false },
      groupStatusCodes: true,
      overrides: {
        histogram: { name: METRICS.requests, registers: [registry] },
        summary: { registers: [registry] },
      },
    },
  };
  await fastify.register(metricsPlugin.default, options);
  fastify.decorate('metricsRegistry', registry);
}

declare module 'fastify' {
  interface FastifyInstance {
    metricsRegistry: Registry;
  }
}
