import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { isOutage } from '../errors/driver-errors.js';

/** A transaction that was idle for this long in total is aborted. If its process is alive, a retry costs little. */
const IDLE_MS = 2_000;
const LOOK_EVERY_MS = 500;
/** How long to keep checking after the last sign of one: long enough for one that begins then to count as abandoned. */
const LOOK_FOR_MS = 3_000;

/** What MongoDB reports about a transaction between two of its operations. */
interface Idle {
  readonly lsid: { readonly id: mongo.Binary };
}

/**
 * Aborts transactions whose process was killed or has lost the database. Until MongoDB aborts them itself, after a
 * minute by default, nobody else can write the documents that they have written. Checks only after something has
 * reported that it is blocked. Database users may list and kill their own operations, so this needs no privileges.
 */
@Injectable()
export class AbandonedTransactions implements OnApplicationBootstrap, OnApplicationShutdown {
  private looksUntil = 0;
  private mayLook = true;
  private looking: Promise<void> | undefined;
  private readonly end = new AbortController();

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // A write outside a transaction waits inside the database, until its socket times out.
    this.client.on('connectionClosed', ({ reason }) => {
      if (reason === 'error') this.suspect();
    });
    // Fails at once if the database does not allow it.
    await this.look();
  }

  onApplicationShutdown(): void {
    this.end.abort();
  }

  /** Reports that something waits for a transaction, which may be abandoned. */
  suspect(): void {
    this.looksUntil = performance.now() + LOOK_FOR_MS;
    if (this.mayLook) this.looking ??= this.follow().finally(() => (this.looking = undefined));
  }

  private async follow(): Promise<void> {
    const { signal } = this.end;
    while (this.mayLook && performance.now() < this.looksUntil && !signal.aborted) {
      await this.look();
      await sleep(LOOK_EVERY_MS, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    try {
      await this.giveUpIdle();
    } catch (error) {
      // While the database is unavailable, retry as long as something waits.
      if (this.end.signal.aborted || isOutage(error)) return;
      this.mayLook = false;
      this.logger.warn(
        { event: 'transactions_not_watched', code: (error as { codeName?: unknown }).codeName },
        'The database does not let this process end what a killed one has left behind: set transactionLifetimeLimitSeconds of its servers to 3',
      );
    }
  }

  private async giveUpIdle(): Promise<void> {
    const { appName } = this.client.options;
    const admin = this.client.db('admin');
    const idle = await admin
      .aggregate<Idle>([
        { $currentOp: { allUsers: false, idleSessions: true } },
        {
          $match: { type: 'idleSession', appName, 'transaction.timeInactiveMicros': { $gt: IDLE_MS * 1000 } },
        },
        { $project: { lsid: 1 } },
      ])
      .toArray();
    if (idle.length === 0) return;
    await admin.command({ killSessions: idle.map(({ lsid: { id } }) => ({ id })) });
    this.logger.warn(
      { event: 'transactions_given_up', count: idle.length },
      'Transactions that nobody went on with were ended',
    );
  }

  private get client(): mongo.MongoClient {
    return this.connection.getClient();
  }
}
