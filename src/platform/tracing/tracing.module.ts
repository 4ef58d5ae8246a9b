import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { withTimeout } from '../concurrency/timeout.js';
import { ProcessConfig } from '../config/process.config.js';
import { Repositories } from '../database/repositories.js';
import { traceWith } from '../logging/spans.js';
import type { OpenTelemetry } from './open-telemetry.js';
import { showRecords } from './record-spans.js';
import { TracingConfig } from './tracing.config.js';

/** How long the end of the process waits for the collector, in milliseconds. */
const CLOSE_MS = 2_000;
/** An unavailable collector is logged at most once in so many milliseconds. */
const REPORT_EVERY_MS = 60_000;

/** Traces by OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT is set. Elsewhere nothing of it is loaded. */
@Module({})
export class TracingModule implements OnModuleInit, OnApplicationShutdown {
  private tracer: OpenTelemetry | undefined;
  private reportedAt = -Infinity;

  constructor(
    private readonly config: TracingConfig,
    private readonly process: ProcessConfig,
    private readonly repositories: Repositories,
    private readonly logger: PinoLogger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { config } = this;
    if (config.endpoint === undefined) return;
    const { OpenTelemetry } = await import('./open-telemetry.js');
    const lost = (reason: string): void => this.report(reason);
    this.tracer = new OpenTelemetry({ config, mode: this.process.mode, lost });
    for (const made of this.repositories.all) showRecords(made);
    traceWith(this.tracer);
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.tracer) return;
    traceWith(undefined);
    await withTimeout(CLOSE_MS, this.tracer.close()).catch(() => this.report('SHUTDOWN'));
  }

  private report(reason: string): void {
    const now = performance.now();
    if (now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    this.logger.warn({ event: 'traces_lost', reason }, 'Spans did not reach the collector');
  }
}
