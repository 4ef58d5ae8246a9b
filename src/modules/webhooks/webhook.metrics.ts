import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Histogram } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { OutboundReason } from '../../platform/outbound/outbound.js';

/** Names of this feature's metrics; docs/operations.md lists them. */
export const WEBHOOK_METRICS = {
  seconds: 'webhook_attempt_duration_seconds',
  deliveries: 'webhook_deliveries_total',
} as const;

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OVER = ['delivered', 'failed'] as const;

/** Counts deliveries and their outcomes. */
@Injectable()
export class WebhookMetrics implements OnModuleInit {
  private seconds!: Histogram<'outcome'>;
  private deliveries!: Counter<'outcome'>;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const registers = [this.host.httpAdapter.getInstance<FastifyInstance>().metricsRegistry];
    this.seconds = new Histogram({
      name: WEBHOOK_METRICS.seconds,
      help: 'time of an attempt to deliver to a webhook in seconds',
      labelNames: ['outcome'],
      buckets: SECONDS,
      registers,
    });
    this.deliveries = new Counter({
      name: WEBHOOK_METRICS.deliveries,
      help: 'deliveries to webhooks that are over',
      labelNames: ['outcome'],
      registers,
    });
    // Prometheus sees no increase in the first value of a series.
    for (const outcome of OVER) this.deliveries.inc({ outcome }, 0);
  }

  /** @param answer the status of the response, or why there was none */
  attempted(answer: number | OutboundReason, durationMs: number): void {
    const outcome = typeof answer === 'number' ? `${Math.floor(answer / 100)}xx` : answer;
    this.seconds.observe({ outcome }, durationMs / 1000);
  }

  over(outcome: (typeof OVER)[number]): void {
    this.deliveries.inc({ outcome });
  }
}
