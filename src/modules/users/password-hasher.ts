import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { Config } from '../../platform/config/config.js';
import { Gate } from '../../platform/concurrency/gate.js';
import { MAX_PASSWORD_BYTES } from './user.dto.js';

/** Node has four threads for hashing, DNS and files together; one core is left for requests. */
const CONCURRENCY = Math.max(1, Math.min(availableParallelism() - 1, 3));
/** Longest time that a hash may wait for its turn: well within a request's deadline. */
const PATIENCE_MS = 1_500;
const MAX_WAITING = 64;

/** Hashes passwords with bcrypt, few at a time, so that a flood of sign-ins cannot stall the server. */
@Injectable()
export class PasswordHasher {
  private readonly gate = new Gate({ places: CONCURRENCY, waiting: MAX_WAITING, patienceMs: PATIENCE_MS });
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
    await this.gate.enter();
    try {
      return await work();
    } finally {
      this.gate.leave();
    }
  }
}
