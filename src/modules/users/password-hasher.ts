import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { Config } from '../../platform/config/config.js';
import { apiError } from '../../platform/errors/errors.js';
import { MAX_PASSWORD_BYTES } from './user.dto.js';

/** Node has four threads for hashing, DNS and files together; one core is left for requests. */
const CONCURRENCY = Math.max(1, Math.min(availableParallelism() - 1, 3));
/** Longest time that a hash may wait for its turn: well within a request's deadline. */
const PATIENCE_MS = 1_500;
const MAX_WAITING = 64;

interface Waiting {
  readonly start: () => void;
  readonly giveUp: NodeJS.Timeout;
}

/** Hashes passwords with bcrypt, few at a time, so that a flood of sign-ins cannot stall the server. */
@Injectable()
export class PasswordHasher {
  private active = 0;
  private readonly queue = new Set<Waiting>();
  private readonly rounds: number;
  /** A hash of nothing that anybody knows, so that an unknown account costs the same time as a known one. */
  private decoy: Promise<string> | undefined;

  constructor(config: Config) {
    this.rounds = config.bcryptRounds;
  }

  /** @throws ApiError OVERLOADED when too many are waiting */
  hash(password: string): Promise<string> {
    return this.inTurn(() => bcrypt.hash(password, this.rounds));
  }

  /**
   * Whether the password has this hash; without a hash the answer is no, after the same time.
   * @throws ApiError OVERLOADED when too many are waiting
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const against = hash ?? (await this.decoyHash());
    const isSame = await this.inTurn(() => bcrypt.compare(password, against));
    return isSame && hash !== undefined && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
  }

  /** Whether a hash was made at another cost than is configured now. */
  isOutdated(hash: string): boolean {
    return bcrypt.getRounds(hash) !== this.rounds;
  }

  private decoyHash(): Promise<string> {
    this.decoy ??= bcrypt.hash(crypto.randomUUID(), this.rounds);
    return this.decoy;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= CONCURRENCY) await this.turn();
    else this.active++;
    try {
      return await work();
    } finally {
      this.passOn();
    }
  }

  private turn(): Promise<void> {
    if (this.queue.size >= MAX_WAITING) throw apiError('OVERLOADED');
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.queue.delete(waiting);
        reject(apiError('OVERLOADED'));
      }, PATIENCE_MS);
      const waiting: Waiting = { start: resolve, giveUp };
      this.queue.add(waiting);
    });
  }

  /** Hands the finished one's place to who waits longest. */
  private passOn(): void {
    const [next] = this.queue;
    if (!next) {
      this.active--;
      return;
    }
    this.queue.delete(next);
    clearTimeout(next.giveUp);
    next.start();
  }
}
