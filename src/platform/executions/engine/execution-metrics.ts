import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import { withTimeout } from '../../concurrency/timeout.js';
import { readGauge } from '../../monitoring/metrics.js';
import { ExecutionClock } from '../model/clock.js';
import { type Status, STATUSES } from '../model/execution.js';
import { ExecutorRegistry } from '../model/registry.js';
import { ExecutionStore } from '../store/execution-store.js';

/** Names of the metrics; docs/operations.md lists them. */
export const EXECUTION_METRICS = {
  turns: 'executions_turns_total',
  running: 'executions_running',
  due: 'executions_due',
  dueAge: 'executions_due_age_seconds',
} as const;

/** Due executions are counted up to this number. */
const MOST = 10_000;
/** How long metrics wait for the database, in milliseconds. */
const PATIENCE_MS = 250;

/** Undefined while the database does not answer. */
function known(answer: Promise<number>): Promise<number | undefined> {
  return withTimeout(PATIENCE_MS, answer).catch(() => undefined);
}

/** Counts the outcomes of executions, for /metrics. */
@Injectable()
export class ExecutionMetrics {
  private turns: Counter<'type' | 'status'> | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    private readonly registry: ExecutorRegistry,
  ) {}

  observeRunning(count: () => number): void {
    const { metricsRegistry } = this.host.httpAdapter.getInstance<FastifyInstance>();
    this.turns = new Counter({
      name: EXECUTION_METRICS.turns,
      help: 'turns of executions, by what they came to',
      labelNames: ['type', 'status'],
      registers: [metricsRegistry],
    });
    // Prometheus sees no increase in the first value of a series: without this the first failure would raise no alert.
    for (const { type } of this.registry.all)
      for (const status of STATUSES) this.turns.inc({ type, status }, 0);
    const { running, due, dueAge } = EXECUTION_METRICS;
    const add = readGauge.bind(undefined, metricsRegistry);
    add(running, 'executions that run in this process', count);
    add(due, `executions that wait for a process, ${MOST} at most`, () => known(this.due()));
    add(dueAge, 'time that the oldest of them has waited', () => known(this.dueAge()));
  }

  private due(): Promise<number> {
    return this.store.executions.countDocuments({ dueAt: { $lte: this.clock.now() } }, { limit: MOST });
  }

  private async dueAge(): Promise<number> {
    const now = this.clock.now();
    const oldest = { sort: { dueAt: 1 }, projection: { dueAt: 1 } } as const;
    const { dueAt = now } = (await this.store.executions.findOne({ dueAt: { $lte: now } }, oldest)) ?? {};
    return (now.getTime() - dueAt.getTime()) / 1000;
  }

  count(type: string, status: Status): void {
    this.turns?.inc({ type, status });
  }
}
