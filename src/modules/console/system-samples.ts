import { performance } from 'node:perf_hooks';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ProcessConfig } from '../../platform/config/process.config.js';
import type { HttpAdapter } from '../../platform/http/adapter.js';
import { HealthMonitor } from '../../platform/monitoring/health.monitor.js';
import { METRICS } from '../../platform/monitoring/metrics.js';
import { RELEASE } from '../../product/release.js';

const EVERY_S = 10;
/** A quarter of an hour. */
const KEPT = 90;
const SLOWEST = 0.99;

/** What happened within ten seconds. */
interface Sample {
  /** A second. */
  readonly requests: number;
  /** A second, of status 5xx. */
  readonly errors: number;
  /** Milliseconds within which 99 of 100 requests were answered; null without any. */
  readonly p99: number | null;
  /** From 0 to 1: how much of the time the event loop had something to do. */
  readonly eventLoop: number;
  /** Bytes of the process. */
  readonly memory: number;
  /** Open connections. */
  readonly connections: number;
}

/** Requests since the start: how many took at most so long, by the histogram's bounds in seconds. */
interface Counts {
  readonly total: number;
  readonly errors: number;
  readonly cumulative: ReadonlyMap<number, number>;
}

/** One number of a histogram, as the Prometheus client has it. */
interface Value {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
}

/** Milliseconds within which 99 of 100 requests were answered since `before`, read between the bounds of its bucket. */
function slowest(now: Counts, before: Counts): number {
  const wanted = (now.total - before.total) * SLOWEST;
  let from = 0;
  let below = 0;
  for (const [bound, all] of [...now.cumulative].toSorted(([a], [b]) => a - b)) {
    const count = all - (before.cumulative.get(bound) ?? 0);
    // Nothing is known beyond the last bound.
    if (count >= wanted) {
      const part = count > below ? (wanted - below) / (count - below) : 1;
      return 1000 * (bound === Infinity ? from : from + (bound - from) * part);
    }
    [from, below] = [bound, count];
  }
  return 1000 * from;
}

/** Keeps the last quarter of an hour of this process, from what its metrics count anyway. */
@Injectable()
export class SystemSamples implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly samples: Sample[] = [];
  private before: Counts = { total: 0, errors: 0, cumulative: new Map() };
  private loop = performance.eventLoopUtilization();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly health: HealthMonitor,
    private readonly config: ProcessConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.take(), EVERY_S * 1000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** For the console's page about the system. */
  report(): object {
    return {
      health: this.health.health,
      everySeconds: EVERY_S,
      samples: this.samples,
      process: {
        release: RELEASE,
        node: process.version,
        mode: this.config.mode,
        uptime: Math.round(process.uptime()),
        memory: process.memoryUsage.rss(),
      },
    };
  }

  async take(): Promise<void> {
    const now = await this.count();
    const loop = performance.eventLoopUtilization();
    const requests = now.total - this.before.total;
    this.samples.push({
      requests: requests / EVERY_S,
      errors: (now.errors - this.before.errors) / EVERY_S,
      p99: requests > 0 ? slowest(now, this.before) : null,
      eventLoop: performance.eventLoopUtilization(loop, this.loop).utilization,
      memory: process.memoryUsage.rss(),
      connections: this.adapter.connections.count,
    });
    if (this.samples.length > KEPT) this.samples.shift();
    this.before = now;
    this.loop = loop;
  }

  private get adapter(): HttpAdapter {
    return this.host.httpAdapter as unknown as HttpAdapter;
  }

  private async count(): Promise<Counts> {
    const { metricsRegistry } = this.adapter.getInstance();
    const metric = await metricsRegistry.getSingleMetric(METRICS.requests)?.get();
    const cumulative = new Map<number, number>();
    let total = 0;
    let errors = 0;
    for (const { labels, value, metricName } of (metric?.values ?? []) as Value[]) {
      if (metricName?.endsWith('_count')) {
        total += value;
        if (labels['status_code'] === '5xx') errors += value;
      } else if (metricName?.endsWith('_bucket')) {
        const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
        cumulative.set(bound, (cumulative.get(bound) ?? 0) + value);
      }
    }
    return { total, errors, cumulative };
  }
}
