import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Histogram } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { StoreFault } from './file-store.js';

/** Names of this feature's metrics; docs/operations.md lists them. */
export const FILE_METRICS = {
  seconds: 'file_storage_duration_seconds',
  bytes: 'file_storage_written_bytes_total',
} as const;

const OPERATIONS = ['write', 'read', 'remove'] as const;
const FAULTS = ['full', 'unavailable', 'missing'] as const satisfies readonly StoreFault[];
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts operations of the file storage. */
@Injectable()
export class FileMetrics implements OnModuleInit {
  private seconds!: Histogram<'operation' | 'outcome'>;
  private bytes!: Counter;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const registers = [this.host.httpAdapter.getInstance<FastifyInstance>().metricsRegistry];
    this.seconds = new Histogram({
      name: FILE_METRICS.seconds,
      help: 'time of an operation of the storage of files in seconds',
      labelNames: ['operation', 'outcome'],
      buckets: SECONDS,
      registers,
    });
    this.bytes = new Counter({
      name: FILE_METRICS.bytes,
      help: 'bytes written to the storage of files',
      registers,
    });
    // Prometheus sees no increase in the first value of a series: without this the first failure would raise no alert.
    for (const operation of OPERATIONS)
      for (const outcome of FAULTS) this.seconds.zero({ operation, outcome });
  }

  did(operation: (typeof OPERATIONS)[number], outcome: string, seconds: number): void {
    this.seconds.observe({ operation, outcome }, seconds);
  }

  wrote(bytes: number): void {
    this.bytes.inc(bytes);
  }
}
