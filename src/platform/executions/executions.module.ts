import {
  type BeforeApplicationShutdown,
  Global,
  Module,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { SYSTEM } from '../access/caller.js';
import { ProcessConfig } from '../config/process.config.js';
import { apiError } from '../errors/errors.js';
import { OwnedRecords } from '../database/owned-records.js';
import { LATE_MS, OwnerRemovals } from '../database/owner-removals.js';
import { Repositories } from '../database/repositories.js';
import { Migrations } from '../migrations/migrations.js';
import { ReschedulingTimer } from './model/rescheduling-timer.js';
import { Bell } from './engine/bell.js';
import { Claim } from './engine/claim.js';
import { ExecutionClock } from './model/clock.js';
import { Commit } from './store/commit.js';
import { Engine } from './engine/engine.js';
import { ExecutionMetrics } from './engine/execution-metrics.js';
import {
  Execution,
  ExecutionEngine,
  ExecutionEngineSchema,
  ExecutionSchedule,
  ExecutionScheduleSchema,
  ExecutionSchema,
  ExecutionStep,
  ExecutionStepSchema,
} from './model/execution.schema.js';
import { ExecutionsConfig } from './executions.config.js';
import { Executions } from './executions.js';
import { ExecutionList } from './execution-list.js';
import { ExecutionsController } from './executions.controller.js';
import { Failpoints } from './model/failpoints.js';
import { Following } from './following.js';
import { Launcher } from './engine/launcher.js';
import { Lease } from './store/lease.js';
import { ExecutionControl } from './execution-control.js';
import { OwnerBounds } from './owner-bounds.js';
import { ExecutionServices } from './turn/execution-services.js';
import { ExecutorRegistry } from './model/registry.js';
import { RemoveOwner } from './remove-owner.executor.js';
import { ExecutionRights } from './engine/rights.js';
import { SchedulesController } from './schedules.controller.js';
import { Schedules } from './schedules.js';
import { Sealing } from './store/sealing.js';
import { Slots } from './engine/slots.js';
import { Starter } from './turn/starter.js';
import { ExecutionStore } from './store/execution-store.js';
import { Sweep } from './engine/sweep.js';
import { Watchers } from './engine/watchers.js';

const MODELS = MongooseModule.forFeature([
  { name: Execution.name, schema: ExecutionSchema },
  { name: ExecutionStep.name, schema: ExecutionStepSchema },
  { name: ExecutionEngine.name, schema: ExecutionEngineSchema },
  { name: ExecutionSchedule.name, schema: ExecutionScheduleSchema },
]);

/** How often a process without an engine reads the database's time, in milliseconds; engines do with their lease. */
const LEARN_EVERY_MS = 600_000;
/** The pause before that is retried. */
const AGAIN_MS = 3_000;

const PROBES = /^\/(health|metrics)([/?]|$)/;

/** Answers everything except probes with 404, with the usual envelope and headers. */
function answerProbesOnly(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (PROBES.test(route.url)) return;
    const refuse = (_: FastifyRequest, _reply: FastifyReply, done: (error: Error) => void): void =>
      done(apiError('ROUTE_NOT_FOUND'));
    route.onRequest = [refuse, route.onRequest ?? []].flat();
  });
}

/** Work that outlives its request: once accepted it finishes, even after crashes. Features declare executors. */
@Global()
@Module({
  imports: [DiscoveryModule, MODELS],
  controllers: [ExecutionsController, SchedulesController],
  providers: [
    Bell,
    Claim,
    Commit,
    Engine,
    ExecutionClock,
    ExecutionList,
    ExecutionMetrics,
    ExecutionRights,
    ExecutionStore,
    Executions,
    ExecutorRegistry,
    Failpoints,
    Following,
    Launcher,
    Lease,
    ExecutionControl,
    OwnerBounds,
    ExecutionServices,
    RemoveOwner,
    Schedules,
    Sealing,
    Slots,
    Starter,
    Sweep,
    Watchers,
  ],
  exports: [ExecutionClock, ExecutionRights, Executions],
})
export class ExecutionsModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly learning = new ReschedulingTimer(() => this.learnTime());

  constructor(
    private readonly engine: Engine,
    private readonly config: ExecutionsConfig,
    private readonly process: ProcessConfig,
    private readonly migrations: Migrations,
    private readonly registry: ExecutorRegistry,
    private readonly schedules: Schedules,
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    executions: Executions,
    owned: OwnedRecords,
    removals: OwnerRemovals,
    repositories: Repositories,
    { httpAdapter }: HttpAdapterHost,
  ) {
    repositories.permit('executions:read', 'executions:write');
    owned.beforeRemoval('executions', (ids) => store.removeAllBeside(ids));
    removals.before(async (ownerId, transaction) => {
      // After the deleting process has had time to do it itself.
      const at = clock.in(2 * LATE_MS);
      await executions.start(RemoveOwner, { ownerId }, { scope: SYSTEM, transaction, at });
    });
    if (config.executions === 'only') answerProbesOnly(httpAdapter.getInstance<FastifyInstance>());
  }

  onModuleInit(): void {
    this.registry.scan();
    this.schedules.scan();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.executions === 'off') return this.learning.schedule(await this.learnTime());
    await this.migrations.whenCurrent(async () => {
      await this.engine.start();
      await this.schedules.begin();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.learning.stop();
    this.schedules.stop();
    // The rest of the grace period is for requests and mails.
    await this.engine.stop(this.process.shutdownGraceMs / 2);
  }

  /** So that what it starts is due at once, whatever the machine's clock says. */
  private async learnTime(): Promise<number> {
    const askedAt = performance.now();
    const time = await this.store.time().catch(() => undefined);
    if (time) this.clock.learn(time, (askedAt + performance.now()) / 2);
    return time ? LEARN_EVERY_MS : AGAIN_MS;
  }
}
