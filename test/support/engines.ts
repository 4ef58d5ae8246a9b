import type { INestApplication } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import type { PinoLogger } from 'nestjs-pino';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { Bell } from '../../src/platform/executions/engine/bell.js';
import { Claim } from '../../src/platform/executions/engine/claim.js';
import { ExecutionClock } from '../../src/platform/executions/model/clock.js';
import { Commit } from '../../src/platform/executions/store/commit.js';
import { Engine } from '../../src/platform/executions/engine/engine.js';
import { ExecutionMetrics } from '../../src/platform/executions/engine/execution-metrics.js';
import { Executions } from '../../src/platform/executions/executions.js';
import { Failpoints } from '../../src/platform/executions/model/failpoints.js';
import { Launcher } from '../../src/platform/executions/engine/launcher.js';
import { Lease } from '../../src/platform/executions/store/lease.js';
import { ExecutionControl } from '../../src/platform/executions/execution-control.js';
import { OwnerBounds } from '../../src/platform/executions/owner-bounds.js';
import { ExecutionServices } from '../../src/platform/executions/turn/execution-services.js';
import { ExecutorRegistry } from '../../src/platform/executions/model/registry.js';
import { ExecutionRights } from '../../src/platform/executions/engine/rights.js';
import { Sealing } from '../../src/platform/executions/store/sealing.js';
import { Slots } from '../../src/platform/executions/engine/slots.js';
import { Starter } from '../../src/platform/executions/turn/starter.js';
import { ExecutionStore } from '../../src/platform/executions/store/execution-store.js';
import { Sweep } from '../../src/platform/executions/engine/sweep.js';
import { Watchers } from '../../src/platform/executions/engine/watchers.js';
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
  const services = new ExecutionServices(store, commit, clock, failpoints, sealing, starter, logger);
  const bell = new Bell(store, logger);
  const slots = new Slots(store, registry, clock, commit);
  const engine = new Engine(
    services,
    lease,
    new Claim(store, clock, registry, slots, logger),
    slots,
    new Sweep(store, lease, commit, clock, registry, events, failpoints),
    bell,
    new Launcher(services, registry, rights),
    new Watchers(),
    new NoMetrics(undefined as never, store, clock, registry),
    events,
    logger,
  );
  const control = new ExecutionControl(store, commit, clock, sealing, engine, events);
  const executions = new Executions(starter, new OwnerBounds(store), control, store, registry);
  return { engine, executions, clock, failpoints, lease, store, commit, bell };
}
