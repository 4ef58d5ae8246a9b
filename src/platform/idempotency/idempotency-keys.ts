import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, mongo, Types } from 'mongoose';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { AbandonedTransactions } from '../database/abandoned-transactions.js';
import { driverCollection } from '../database/driver.js';
import { type Transaction, Transactions } from '../database/transactions.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { apiError } from '../errors/errors.js';
import type { UserId } from '../access/caller.js';
import { canonicalJson } from './canonical-json.js';
import { IdempotencyRecord } from './idempotency-record.schema.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How a digest begins that is made as `digestOf` makes it. No base64 has a point. */
const DIGEST_VERSION = '2.';

/** What MongoDB answers a transaction that writes what another one has written and not committed. */
const WRITE_CONFLICT = 112;

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  readonly key: string;
  /** Undefined for anonymous clients, who share their keys. */
  readonly caller: UserId | undefined;
  /** The organization that it works in: there the caller's keys are others. */
  readonly organization: string | undefined;
  readonly method: string;
  /** The pattern: `/api/v1/projects`. */
  readonly route: string;
  /** What stands in the address beside the pattern. */
  readonly params: unknown;
  readonly query: unknown;
  /** As it was parsed, and as it was sent. */
  readonly body: unknown;
  readonly bytes: Buffer;
}

/** What a request came to: the record that it has created, or the id of the one that an earlier one has created. */
type Outcome<T> = { readonly created: T } | { readonly replayed: string };

/**
 * Keeps what has been created for an Idempotency-Key, for a day. The key is claimed and the record created in one
 * transaction, so that after a crash there are both or neither.
 */
@Injectable()
export class IdempotencyKeys {
  private readonly mac: KeyedMac;

  constructor(
    @InjectModel(IdempotencyRecord.name) private readonly model: Model<IdempotencyRecord>,
    private readonly transactions: Transactions,
    private readonly abandoned: AbandonedTransactions,
    config: CryptoConfig,
  ) {
    this.mac = new KeyedMac(config, 'idempotency key');
  }

  /**
   * Creates a record with `create`, unless one was created with this key before. An error frees the key.
   * @throws ApiError IDEMPOTENCY_KEY_REUSED (422) for a key that another request was sent with,
   *   IDEMPOTENCY_IN_PROGRESS (409) while one with this key is under way; what `create` throws
   */
  async once<T extends { readonly _id: Types.ObjectId }>(
    request: KeyedRequest,
    create: (transaction: Transaction) => Promise<T>,
  ): Promise<Outcome<T>> {
    const { caller = null, organization, key } = request;
    const id = this.macOf(organization === undefined ? [caller, key] : [caller, key, organization]);
    const earlier = await this.find(id);
    if (earlier) return this.replay(earlier, request);
    const digest = this.digestOf(request);
    try {
      const created = await this.transactions.run(async (transaction) => {
        await this.claim({ _id: id, digest, ...ownerOf(request) }, transaction);
        const record = await create(transaction);
        const { session } = transaction;
        await this.collection.updateOne({ _id: id }, { $set: { recordId: record._id } }, { session });
        return record;
      });
      return { created };
    } catch (error) {
      if (!(error instanceof Claimed)) throw error;
    }
    const first = await this.find(id);
    if (!first) throw apiError('IDEMPOTENCY_IN_PROGRESS');
    return this.replay(first, request);
  }

  /**
   * @throws Claimed when somebody else has used the key meanwhile, ApiError IDEMPOTENCY_IN_PROGRESS while somebody
   *   is about to: MongoDB lets no transaction wait for another one
   */
  private async claim(claim: Omit<IdempotencyRecord, 'expiresAt'>, { session }: Transaction): Promise<void> {
    const now = Date.now();
    const expired = { _id: claim._id, expiresAt: { $lte: new Date(now) } };
    const record = { ...claim, expiresAt: new Date(now + DAY_MS) };
    await this.collection.replaceOne(expired, record, { session, upsert: true }).catch((error: unknown) => {
      if (duplicateKeyOf(error)) throw new Claimed();
      const isConflict = error instanceof mongo.MongoServerError && error.code === WRITE_CONFLICT;
      if (!isConflict) throw error;
      // It may be under way nowhere any more.
      this.abandoned.suspect();
      throw apiError('IDEMPOTENCY_IN_PROGRESS');
    });
  }

  /** Reads from the majority of the replica set, so that no answer is repeated for a record that could be lost. */
  private find(_id: string): Promise<IdempotencyRecord | null> {
    return this.collection.findOne(
      { _id, expiresAt: { $gt: new Date() } },
      { readConcern: { level: 'majority' } },
    );
  }

  private replay(
    { digest, recordId }: IdempotencyRecord,
    request: KeyedRequest,
  ): { readonly replayed: string } {
    const isVersioned = digest.startsWith(DIGEST_VERSION);
    const wanted = isVersioned ? this.digestOf(request) : this.digestOfBytes(request);
    // Both are MACs: comparing them tells nobody how to make one.
    if (digest !== wanted || !recordId) throw apiError('IDEMPOTENCY_KEY_REUSED');
    return { replayed: recordId.toHexString() };
  }

  /** The same for equal requests, however their JSON is written. */
  private digestOf({ method, route, params, query, body }: KeyedRequest): string {
    return DIGEST_VERSION + this.macOf([method, route, canonicalJson([params, query])], canonicalJson(body));
  }

  /** The digest before there were versions of it. Keys that were kept with it are valid for a day. */
  private digestOfBytes({ method, route, bytes }: KeyedRequest): string {
    return this.macOf([method, route], bytes);
  }

  private macOf(parts: readonly (string | null)[], rest: Buffer | string = ''): string {
    return this.mac.text(`${JSON.stringify(parts)}\n`, rest);
  }

  private get collection(): mongo.Collection<IdempotencyRecord> {
    return driverCollection(this.model);
  }
}

/** The key has been used by somebody else, since this request looked. */
class Claimed extends Error {}

function ownerOf({ caller }: KeyedRequest): Pick<IdempotencyRecord, 'ownerId'> {
  return caller === undefined ? {} : { ownerId: new Types.ObjectId(caller) };
}
