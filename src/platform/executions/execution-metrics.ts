import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Gauge } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { Status } from './execution.js';

/** Names of the metrics; docs/operations.md lists them. */
export const EXECUTION_METRICS = {
  turns: 'executions_turns_total',
  running: 'executions_running',
} as const;

/** Counts what executions come to, for /metrics. */
@Injectable()
export class ExecutionMetrics {
  /** Is asked when metrics are. */
  protected running: Gauge | undefined;
  private turns: Counter<'type' | 'status'> | undefined;

  constructor(private readonly host: HttpAdapterHost) {}

  observeRunning(count: () => number): void {
    const { metricsRegistry } = this.host.httpAdapter.getInstance<FastifyInstance>();
    this.turns = new Counter({
      name: EXECUTION_METRICS.turns,
      help: 'turns of executions, by what they came to',
      labelNames: ['type', 'status'],
      registers: [metricsRegistry],
    });
    this.running = new Gauge({
      name: EXECUTION_METRICS.running,
      help: 'executions that run in this process',
      registers: [metricsRegistry],
      collect() {
        this.set(count());
      },
    });
  }

  count(type: string, status: Status): void {
    this.turns?.inc({ type, status });
  }
}
