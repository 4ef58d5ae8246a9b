import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { HealthCheckService, MongooseHealthIndicator } from '@nestjs/terminus';
import type { Connection } from 'mongoose';
import { Migrations } from '../migrations/migrations.js';
import { HealthIndicators, type ServiceStatus } from './health-indicators.js';
import { HeapWatch } from './heap-watch.js';

/** The guide's shape. Says how services are, never where they are or why. */
export interface Health {
  readonly status: 'ok' | 'degraded' | 'error';
  /** When the services were checked. */
  readonly timestamp: Date;
  /** The database, Redis, the language model, and what features have added. */
  readonly services: Readonly<Record<string, { readonly status: ServiceStatus }>>;
}

const CHECK_EVERY_MS = 10_000;
/** While something is wrong or the database is older than the code, its return is looked for more often. */
const CHECK_AGAIN_MS = 1_000;
const CHECK_TIMEOUT_MS = 2_000;

/**
 * Checks the services in the background, so that asking costs nothing and cannot be used to load them. Redis has a
 * heartbeat of its own.
 */
@Injectable()
export class HealthMonitor
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private database: ServiceStatus = 'ok';
  private checkedAt = new Date();
  /** The process is stopping or has failed. */
  isDraining = false;
  private next: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly checks: HealthCheckService,
    private readonly mongoose: MongooseHealthIndicator,
    private readonly migrations: Migrations,
    private readonly indicators: HealthIndicators,
    private readonly heap: HeapWatch,
    @InjectConnection() private readonly connection: Connection,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // The driver sees a lost or a returning server at once; the result follows without waiting its turn.
    this.connection.getClient().on('serverDescriptionChanged', () => void this.check());
    await this.check();
  }

  beforeApplicationShutdown(): void {
    this.drain();
  }

  /** From here on no new requests should be sent to this process. */
  drain(): void {
    this.isDraining = true;
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.next);
  }

  /** The latest result. Redis, the language model and what is optional only degrade it. */
  get health(): Health {
    const redis = this.indicators.redis();
    const external = this.indicators.external();
    const { rows } = this.indicators;
    const down = rows.filter(([, { isUp }]) => !isUp);
    const isBroken = this.database !== 'ok' || down.some(([, { optional }]) => !optional);
    const isDegraded = redis === 'error' || external === 'error' || down.length > 0;
    return {
      status: isBroken ? 'error' : isDegraded ? 'degraded' : 'ok',
      timestamp: this.checkedAt,
      services: {
        database: { status: this.database },
        redis: { status: redis },
        external: { status: external },
        ...Object.fromEntries(rows.map(([name, { isUp }]) => [name, { status: isUp ? 'ok' : 'error' }])),
      },
    };
  }

  get isReady(): boolean {
    const isHindered = this.isDraining || this.heap.isShort;
    const areUp = this.indicators.rows.every(([, { isUp, readiness }]) => isUp || !readiness);
    return this.database === 'ok' && this.migrations.isCurrent && areUp && !isHindered;
  }

  /** Checks now, unless a check is running. */
  check(): Promise<void> {
    this.running ??= this.run().finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(): Promise<void> {
    clearTimeout(this.next);
    try {
      await this.checks.check([
        () => this.mongoose.pingCheck('database', { connection: this.connection, timeout: CHECK_TIMEOUT_MS }),
      ]);
      this.database = 'ok';
      await this.migrations.check();
    } catch {
      this.database = 'error';
    }
    await this.indicators.check();
    this.checkedAt = new Date();
    if (this.stopped) return;
    const isWell = this.database === 'ok' && this.migrations.isCurrent;
    const wait = isWell ? CHECK_EVERY_MS : CHECK_AGAIN_MS;
    this.next = setTimeout(() => void this.check(), wait).unref();
  }
}
