import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { Config } from '../../platform/config/config.js';
import { type Claim, FairQueue } from '../../platform/concurrency/fair-queue.js';
import { MAX_PASSWORD_BYTES, passwordForm } from '../../platform/validation/passwords.js';

/** Node has four threads for hashing, DNS and files together; one core is left for requests. */
const CONCURRENCY = Math.max(1, Math.min(availableParallelism() - 1, 3));
/**
 * Longest time that a hash may wait for its turn. Before it a sign-in may have waited 400 ms for others of its account,
 * and both with the hash itself are well within a request's deadline, also on a slow machine.
 */
const PATIENCE_MS = 1_200;
const MAX_WAITING = 64;

/** Whether a password is right: `outdated` is right as well, but its hash should be made anew. */
export type Match = 'current' | 'outdated' | undefined;

/** The server itself, when it starts. Whoever sends a request is counted. */
export const TRUSTED: Claim = { isKnown: true, subjects: [] };

/** Hashes passwords with bcrypt, few at a time, so that a flood of sign-ins cannot stall the server. */
@Injectable()
export class PasswordHasher {
  private readonly queue = new FairQueue({
    places: CONCURRENCY,
    waiting: MAX_WAITING,
    patienceMs: PATIENCE_MS,
  });
  private readonly rounds: number;
  /** The highest cost that a hash is known to have: every check costs as much, whosever it is. */
  private highest: number;
  /** By their cost: hashes of nothing that anybody knows. */
  private readonly decoys = new Map<number, Promise<string>>();

  constructor(config: Config) {
    this.rounds = config.bcryptRounds;
    this.highest = config.bcryptRounds;
  }

  /** @throws ApiError OVERLOADED when too many are waiting */
  hash(password: string, claim: Claim): Promise<string> {
    const form = passwordForm(password);
    return this.queue.run(
      claim,
      () => bcrypt.hash(form, this.rounds),
      () => true,
    );
  }

  /**
   * Whether the password has this hash; without a hash the answer is no, after the same work. Hashes that are older than
   * `passwordForm` are of the password as it was typed.
   * @throws ApiError OVERLOADED when too many are waiting
   */
  async match(password: string, hash: string | undefined, claim: Claim): Promise<Match> {
    const form = passwordForm(password);
    if (await this.compare(form, hash, claim)) {
      return hash !== undefined && bcrypt.getRounds(hash) === this.rounds ? 'current' : 'outdated';
    }
    return form !== password && (await this.compare(password, hash, claim)) ? 'outdated' : undefined;
  }

  private async compare(password: string, hash: string | undefined, claim: Claim): Promise<boolean> {
    const cost = hash === undefined ? this.highest : bcrypt.getRounds(hash);
    this.highest = Math.max(this.highest, cost);
    const against = hash ?? (await this.decoy(cost));
    const canMatch = hash !== undefined && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
    const work = async (): Promise<boolean> => {
      const isSame = await bcrypt.compare(password, against);
      await this.makeUp(cost, password);
      return isSame && canMatch;
    };
    return this.queue.run(claim, work, (isRight) => isRight);
  }

  /**
   * Works on after a hash of a lower cost, so that the time does not tell that there is one: 2^c rounds, and as many
   * again, and twice as many …, are 2^highest in the end.
   */
  private async makeUp(cost: number, password: string): Promise<void> {
    for (let missing = cost; missing < this.highest; missing++) {
      await bcrypt.compare(password, await this.decoy(missing));
    }
  }

  /** Of zeros: what a password is compared with costs the same, whatever it is the hash of. */
  private decoy(cost: number): Promise<string> {
    const known = this.decoys.get(cost);
    if (known) return known;
    const made = bcrypt.genSalt(cost).then((salt) => `${salt}${'.'.repeat(31)}`);
    this.decoys.set(cost, made);
    return made;
  }
}
