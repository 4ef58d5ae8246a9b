import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { Counter } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import { Authenticator } from '../access/access.js';
import { ProcessConfig } from '../config/process.config.js';
import { Database } from '../database/connection.js';
import { HttpConfig } from '../http/http.config.js';
import { basePathOf } from '../http/public-origin.js';
import { HeapWatch } from '../monitoring/heap-watch.js';
import { readEach, readGauge } from '../monitoring/metrics.js';
import { type AdaptiveLimit, limitOf } from './adaptive-limit.js';
import { installBodyBudget } from './body-budget.js';
import { installLoadShedding, unlimitedPaths } from './load-shedding.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The limit of concurrent requests. */
    limitOfRequests: AdaptiveLimit;
  }
}

/** Refuses at once what cannot be answered in time. */
@Module({})
export class SheddingModule implements OnModuleInit {
  private readonly fastify: FastifyInstance;
  private readonly unlimited: ReadonlySet<string>;

  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly config: HttpConfig,
    private readonly process: ProcessConfig,
    private readonly modules: ModuleRef,
  ) {
    this.fastify = httpAdapter.getInstance();
    this.unlimited = unlimitedPaths(this.fastify, basePathOf(config));
  }

  onModuleInit(): void {
    const { fastify, config, unlimited } = this;
    const limit = limitOf(this.process, this.modules.get(Database, { strict: false }).queue);
    const heap = this.modules.get(HeapWatch, { strict: false });
    const shed = installLoadShedding(fastify, {
      limit,
      authenticator: this.modules.get(Authenticator, { strict: false }),
      config,
      unlimited,
      isMemoryShort: () => heap.isShort,
    });
    installBodyBudget(fastify);
    fastify.decorate('limitOfRequests', limit);
    this.addMetrics(limit, shed);
  }

  private addMetrics(limit: AdaptiveLimit, shed: Readonly<Record<string, number>>): void {
    const { metricsRegistry } = this.fastify;
    const shedding = {
      name: 'http_requests_shed_total',
      help: 'requests refused with 503 OVERLOADED before anything was done for them',
      label: 'class',
    };
    readEach(metricsRegistry, Counter, shedding, () => shed);
    readGauge(metricsRegistry, 'http_requests_limit', 'requests that may be worked on at a time', () =>
      Math.floor(limit.current),
    );
  }
}
