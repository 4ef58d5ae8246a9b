import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { isOutage } from '../errors/driver-errors.js';

/** A transaction in which nothing was done for so long in all is given up. Begun anew, it costs its process little. */
const IDLE_MS = 2_000;
const LOOK_EVERY_MS = 500;
/** How long is looked after the last sign of one: longer than one that begins then needs to be given up. */
const LOOK_FOR_MS = 3_000;

/** What MongoDB tells of a transaction between two of its operations. */
interface Idle {
  readonly lsid: { readonly id: mongo.Binary };
}

/**
 * Ends transactions whose process was killed or has lost the database: until MongoDB gives them up by itself, after a
 * minute unless told otherwise, nobody else can write what they have written. Whoever is in the way of one says so; only
 * then is looked. A user of the database may see and end what itself does, so this takes no rights.
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
    // A write outside of a transaction waits within the database, until its socket is given up.
    this.client.on('connectionClosed', ({ reason }) => {
      if (reason === 'error') this.suspect();
    });
    // Whether it may look at all.
    await this.look();
  }

  onApplicationShutdown(): void {
    this.end.abort();
  }

  /** Something waits for a transaction, perhaps for one that nobody goes on with. */
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
      // A database that is away is looked at again, as long as somebody waits.
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
