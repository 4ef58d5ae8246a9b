import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { UsersConfig } from './users.config.js';
import { type Claim, FairQueue } from '../../platform/concurrency/fair-queue.js';
import { Semaphore } from '../../platform/concurrency/semaphore.js';
import { MAX_PASSWORD_BYTES, passwordForm } from '../../platform/validation/passwords.js';

/** Node has four threads for hashing, DNS and files together; one core is left for requests. */
const CONCURRENCY = Math.max(1, Math.min(availableParallelism() - 1, 3));
/**
 * Claims that have their turn. While all processors hash, the next one is read and counted: the database would otherwise
 * keep a processor waiting.
 */
const IN_TURN = CONCURRENCY + 1;
/** How long a claim may wait: together with the hash, or the delay of its refusal, less than a request's deadline. */
const TIMEOUT_MS = 1_200;
const MAX_WAITING = 64;

/** Whether a password is correct. `outdated` is correct, too, but should be rehashed. */
export type Match = 'current' | 'outdated' | undefined;

/** The server itself at startup. Requests always count for somebody. */
export const TRUSTED: Claim = { isKnown: true, subjects: [] };

/** Hashes passwords with bcrypt, a few at a time, so that a flood of sign-ins cannot stall the server. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new FairQueue({
    concurrency: IN_TURN,
    maxWaiting: MAX_WAITING,
    timeoutMs: TIMEOUT_MS,
  });
  private readonly processors = new Semaphore({ concurrency: CONCURRENCY });
  private readonly rounds: number;
  /** The highest cost seen in any hash: every check is padded to it, so that timing reveals nothing. */
  private highest: number;
  /** Hashes that no password matches, by cost. */
  private readonly decoys = new Map<number, Promise<string>>();

  constructor(config: UsersConfig) {
    this.rounds = config.bcryptRounds;
    this.highest = config.bcryptRounds;
  }

  /** @throws ApiError OVERLOADED when too many are waiting */
  hash(password: string, claim: Claim): Promise<string> {
    const form = passwordForm(password);
    return this.queue.run(
      claim,
      () => this.processors.run(() => bcrypt.hash(form, this.rounds)),
      () => true,
    );
  }

  /**
   * Whether the password matches the hash, by `check`, in its turn.
   * @throws ApiError OVERLOADED when too many are waiting
   */
  match(password: string, hash: string | undefined, claim: Claim): Promise<Match> {
    return this.queue.run(
      claim,
      () => this.check(password, hash),
      (match) => match !== undefined,
    );
  }

  /**
   * Runs work that hashes by `check`. It throws if somebody has guessed wrong.
   * @throws ApiError OVERLOADED when too many are waiting
   */
  inTurn<T>(claim: Claim, work: () => Promise<T>): Promise<T> {
    return this.queue.run(claim, work, () => true);
  }

  /**
   * Whether the password matches the hash; to be called within `inTurn`. Without a hash it does not, after the same
   * work. Hashes from before `passwordForm` are of the password as typed.
   */
  async check(password: string, hash: string | undefined): Promise<Match> {
    const form = passwordForm(password);
    if (await this.compare(form, hash)) {
      return hash !== undefined && bcrypt.getRounds(hash) === this.rounds ? 'current' : 'outdated';
    }
    return form !== password && (await this.compare(password, hash)) ? 'outdated' : undefined;
  }

  private async compare(password: string, hash: string | undefined): Promise<boolean> {
    const cost = hash === undefined ? this.highest : bcrypt.getRounds(hash);
    this.highest = Math.max(this.highest, cost);
    const against = hash ?? (await this.decoy(cost));
    const canMatch = hash !== undefined && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
    return this.processors.run(async () => {
      const isSame = await bcrypt.compare(password, against);
      await this.makeUp(cost, password);
      return isSame && canMatch;
    });
  }

  /**
   * Pads the time of a cheaper hash, so that timing does not reveal it: 2^c rounds, the same again, twice as many, and so
   * on add up to 2^highest.
   */
  private async makeUp(cost: number, password: string): Promise<void> {
    for (let missing = cost; missing < this.highest; missing++) {
      await bcrypt.compare(password, await this.decoy(missing));
    }
  }

  /** All zeros: the comparison takes the same time with any digest. */
  private decoy(cost: number): Promise<string> {
    const known = this.decoys.get(cost);
    if (known) return known;
    const made = bcrypt.genSalt(cost).then((salt) => `${salt}${'.'.repeat(31)}`);
    this.decoys.set(cost, made);
    return made;
  }
}
