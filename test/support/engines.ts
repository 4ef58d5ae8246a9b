import type { INestApplication } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import type { PinoLogger } from 'nestjs-pino';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { Bell } from '../../src/platform/executions/bell.js';
import { Claim } from '../../src/platform/executions/claim.js';
import { ExecutionClock } from '../../src/platform/executions/clock.js';
import { Commit } from '../../src/platform/executions/commit.js';
import { Engine } from '../../src/platform/executions/engine.js';
import { ExecutionMetrics } from '../../src/platform/executions/execution-metrics.js';
import { Executions } from '../../src/platform/executions/executions.js';
import { Failpoints } from '../../src/platform/executions/failpoints.js';
import { Launcher } from '../../src/platform/executions/launcher.js';
import { Lease } from '../../src/platform/executions/lease.js';
import { Orders } from '../../src/platform/executions/orders.js';
import { OwnerBounds } from '../../src/platform/executions/owner-bounds.js';
import { Parts } from '../../src/platform/executions/parts.js';
import { ExecutorRegistry } from '../../src/platform/executions/registry.js';
import { ExecutionRights } from '../../src/platform/executions/rights.js';
import { Sealing } from '../../src/platform/executions/sealing.js';
import { Slots } from '../../src/platform/executions/slots.js';
import { Starter } from '../../src/platform/executions/starter.js';
import { ExecutionStore } from '../../src/platform/executions/store.js';
import { Sweep } from '../../src/platform/executions/sweep.js';
import { Watchers } from '../../src/platform/executions/watchers.js';
import { DomainEvents } from '../../src/platform/logging/events.js';

/** What tests need of an engine. */
export interface EngineParts {
  readonly engine: Engine;
  readonly executions: Executions;
  readonly clock: ExecutionClock;
  readonly failpoints: Failpoints;
  readonly lease: Lease;
  readonly store: ExecutionStore;
  readonly commit: Commit;
  readonly bell: Bell;
}

type Class<T> = new (...parameters: never[]) => T;

/** The engine of an application. */
export function partsOf(app: INestApplication): EngineParts {
  const get = <T>(type: Class<T>): T => app.get(type, { strict: false });
  return {
    engine: get(Engine),
    executions: get(Executions),
    clock: get(ExecutionClock),
    failpoints: get(Failpoints),
    lease: get(Lease),
    store: get(ExecutionStore),
    commit: get(Commit),
    bell: get(Bell),
  };
}

class NoMetrics extends ExecutionMetrics {
  override observeRunning(): void {}
}

/** A further engine on the database of an application, as another process of it would have; not started yet. */
export function engineBeside(app: INestApplication, clock = new ExecutionClock()): EngineParts {
  const get = <T>(type: Class<T>): T => app.get(type, { strict: false });
  const [config, events] = [get(DatabaseConfig), get(DomainEvents)];
  // Nest makes a logger for each class that asks for one.
  const logger = app.getHttpAdapter().getInstance().log as PinoLogger;
  const [registry, rights] = [get(ExecutorRegistry), get(ExecutionRights)];
  const store = new ExecutionStore(config, app.get<Connection>(getConnectionToken()));
  const lease = new Lease(store, clock, events, logger);
  const commit = new Commit(store, lease, logger);
  const sealing = get(Sealing);
  const failpoints = new Failpoints();
  const starter = new Starter(registry, store, commit, clock, sealing);
  const parts = new Parts(store, commit, clock, failpoints, sealing, starter, logger);
  const bell = new Bell(store, logger);
  const slots = new Slots(store, registry, clock, commit);
  const engine = new Engine(
    parts,
    lease,
    new Claim(store, clock, registry, slots, logger),
    slots,
    new Sweep(store, lease, commit, clock, registry, events, failpoints),
    bell,
    new Launcher(parts, registry, rights),
    new Watchers(),
    new NoMetrics(undefined as never, store, clock, registry),
    events,
    logger,
  );
  const orders = new Orders(store, commit, clock, sealing, engine, events);
  const executions = new Executions(starter, new OwnerBounds(store), orders, store, registry);
  return { engine, executions, clock, failpoints, lease, store, commit, bell };
}
