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
import { Bell } from './bell.js';
import { Claim } from './claim.js';
import { ExecutionClock } from './clock.js';
import { Commit } from './commit.js';
import { Engine } from './engine.js';
import { ExecutionMetrics } from './execution-metrics.js';
import {
  Execution,
  ExecutionEngine,
  ExecutionEngineSchema,
  ExecutionSchedule,
  ExecutionScheduleSchema,
  ExecutionSchema,
  ExecutionStep,
  ExecutionStepSchema,
} from './execution.schema.js';
import { ExecutionsConfig } from './executions.config.js';
import { Executions } from './executions.js';
import { ExecutionList } from './execution-list.js';
import { ExecutionsController } from './executions.controller.js';
import { Failpoints } from './failpoints.js';
import { Following } from './following.js';
import { Launcher } from './launcher.js';
import { Lease } from './lease.js';
import { Orders } from './orders.js';
import { OwnerBounds } from './owner-bounds.js';
import { Parts } from './parts.js';
import { ExecutorRegistry } from './registry.js';
import { RemoveOwner } from './remove-owner.executor.js';
import { ExecutionRights } from './rights.js';
import { SchedulesController } from './schedules.controller.js';
import { Schedules } from './schedules.js';
import { Sealing } from './sealing.js';
import { Slots } from './slots.js';
import { Starter } from './starter.js';
import { ExecutionStore } from './store.js';
import { Sweep } from './sweep.js';
import { Watchers } from './watchers.js';

const MODELS = MongooseModule.forFeature([
  { name: Execution.name, schema: ExecutionSchema },
  { name: ExecutionStep.name, schema: ExecutionStepSchema },
  { name: ExecutionEngine.name, schema: ExecutionEngineSchema },
  { name: ExecutionSchedule.name, schema: ExecutionScheduleSchema },
]);

const PROBES = /^\/(health|metrics)([/?]|$)/;

/** Routes but those of probes are not there; their answers have all that others have. */
function answerProbesOnly(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (PROBES.test(route.url)) return;
    const refuse = (_: FastifyRequest, _reply: FastifyReply, done: (error: Error) => void): void =>
      done(apiError('ROUTE_NOT_FOUND'));
    route.onRequest = [refuse, route.onRequest ?? []].flat();
  });
}

/** Work that outlives its request: once accepted it finishes, whatever is killed. Features declare executors. */
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
    Orders,
    OwnerBounds,
    Parts,
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
  constructor(
    private readonly engine: Engine,
    private readonly config: ExecutionsConfig,
    private readonly process: ProcessConfig,
    private readonly migrations: Migrations,
    private readonly registry: ExecutorRegistry,
    private readonly schedules: Schedules,
    executions: Executions,
    store: ExecutionStore,
    owned: OwnedRecords,
    removals: OwnerRemovals,
    repositories: Repositories,
    { httpAdapter }: HttpAdapterHost,
  ) {
    repositories.permit('executions:read', 'executions:write');
    owned.beforeRemoval('executions', (ids) => store.removeAllBeside(ids));
    removals.before(async (ownerId, transaction) => {
      // Behind what the process itself does.
      const at = new Date(Date.now() + 2 * LATE_MS);
      await executions.start(RemoveOwner, { ownerId }, { scope: SYSTEM, transaction, at });
    });
    if (config.executions === 'only') answerProbesOnly(httpAdapter.getInstance<FastifyInstance>());
  }

  onModuleInit(): void {
    this.registry.scan();
    this.schedules.scan();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.executions === 'off') return;
    await this.migrations.whenCurrent(async () => {
      await this.engine.start();
      await this.schedules.begin();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.schedules.stop();
    // What is left of the grace is for requests and mails.
    await this.engine.stop(this.process.shutdownGraceMs / 2);
  }
}
