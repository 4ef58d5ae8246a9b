import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, mongo, Types } from 'mongoose';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { SealedTexts } from '../crypto/sealed-texts.js';
import { AbandonedTransactions } from '../database/abandoned-transactions.js';
import { driverCollection } from '../database/driver.js';
import { type Transaction, Transactions } from '../database/transactions.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { apiError } from '../errors/errors.js';
import type { UserId } from '../access/caller.js';
import { canonicalJson } from './canonical-json.js';
import { IdempotencyRecord } from './idempotency-record.schema.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The version prefix of digests made by `digestOf`. The dot does not occur in base64. */
const DIGEST_VERSION = '2.';

/** MongoDB's error for a transaction that writes a document which another, uncommitted one has written. */
const WRITE_CONFLICT = 112;

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  readonly key: string;
  /** Undefined for anonymous clients, who share their keys. */
  readonly caller: UserId | undefined;
  /** The organization that it works in, where the caller's keys are separate. */
  readonly organization: string | undefined;
  readonly method: string;
  /** The route's pattern: `/api/v1/projects`. */
  readonly route: string;
  /** The rest of the URL. */
  readonly params: unknown;
  readonly query: unknown;
  /** The body as parsed, and as sent. */
  readonly body: unknown;
  readonly bytes: Buffer;
}

/** The result of a request: the record that it created, or the id of the one that an earlier request created. */
type Outcome<T> = { readonly created: T } | { readonly replayed: string };

/** What is stored about a request, and its result. */
type Kept<T> = readonly [Pick<IdempotencyRecord, 'recordId' | 'outcome'>, T];

/**
 * Remembers for a day what was created for an Idempotency-Key. The key is claimed and the record created in one
 * transaction, so that a crash leaves both or neither.
 */
@Injectable()
export class IdempotencyKeys {
  private readonly mac: KeyedMac;
  private readonly outcomes: SealedTexts;

  constructor(
    @InjectModel(IdempotencyRecord.name) private readonly model: Model<IdempotencyRecord>,
    private readonly transactions: Transactions,
    private readonly abandoned: AbandonedTransactions,
    config: CryptoConfig,
  ) {
    this.mac = new KeyedMac(config, 'idempotency key');
    this.outcomes = new SealedTexts(config, 'idempotent outcome');
  }

  /**
   * Creates a record with `create`, unless one was created with this key before. An error releases the key.
   * @throws ApiError IDEMPOTENCY_KEY_REUSED (422) for a key that was sent with a different request,
   *   IDEMPOTENCY_IN_PROGRESS (409) while a request with this key is running; what `create` throws
   */
  async once<T extends { readonly _id: Types.ObjectId }>(
    request: KeyedRequest,
    create: (transaction: Transaction) => Promise<T>,
  ): Promise<Outcome<T>> {
    const outcome = await this.first(request, async (transaction) => {
      const created = await create(transaction);
      return [{ recordId: created._id }, created];
    });
    if ('made' in outcome) return { created: outcome.made };
    const { recordId } = outcome.earlier;
    if (!recordId) throw apiError('IDEMPOTENCY_KEY_REUSED');
    return { replayed: recordId.toHexString() };
  }

  /**
   * The same for results other than a record: the result of `act` is stored as JSON, encrypted.
   * @throws ApiError like `once`
   */
  async keep<T>(
    request: KeyedRequest,
    act: (transaction: Transaction) => Promise<T>,
  ): Promise<{ readonly outcome: T; readonly isReplayed: boolean }> {
    const id = this.idOf(request);
    const first = await this.first(request, async (transaction): Promise<Kept<T>> => {
      const made = await act(transaction);
      return [{ outcome: new mongo.Binary(this.outcomes.seal(JSON.stringify(made), id)) }, made];
    });
    if ('made' in first) return { outcome: first.made, isReplayed: false };
    return { outcome: this.outcomeOf<T>(first.earlier), isReplayed: true };
  }

  /** The result of an earlier request with this key; undefined if there is none. @throws ApiError like `once` */
  async kept<T>(request: KeyedRequest): Promise<{ readonly outcome: T } | undefined> {
    const earlier = await this.find(this.idOf(request));
    if (!earlier) return undefined;
    this.requireSame(earlier, request);
    return { outcome: this.outcomeOf<T>(earlier) };
  }

  private outcomeOf<T>({ _id, outcome }: IdempotencyRecord): T {
    if (!outcome) throw apiError('IDEMPOTENCY_KEY_REUSED');
    return JSON.parse(this.outcomes.open(Buffer.from(outcome.buffer), _id)) as T;
  }

  /** Claims the key and does the work, or finds the earlier request that did. */
  private async first<T>(
    request: KeyedRequest,
    work: (transaction: Transaction) => Promise<Kept<T>>,
  ): Promise<{ readonly made: T } | { readonly earlier: IdempotencyRecord }> {
    const id = this.idOf(request);
    const earlier = await this.find(id);
    if (earlier) return this.requireSame(earlier, request);
    const digest = this.digestOf(request);
    try {
      const made = await this.transactions.run(async (transaction) => {
        await this.claim({ _id: id, digest, ...ownerOf(request) }, transaction);
        const [kept, result] = await work(transaction);
        const { session } = transaction;
        await this.collection.updateOne({ _id: id }, { $set: kept }, { session });
        return result;
      });
      return { made };
    } catch (error) {
      if (!(error instanceof Claimed)) throw error;
    }
    const first = await this.find(id);
    if (!first) throw apiError('IDEMPOTENCY_IN_PROGRESS');
    return this.requireSame(first, request);
  }

  /**
   * @throws Claimed if another request has used the key in the meantime, ApiError IDEMPOTENCY_IN_PROGRESS while one is
   *   about to: in MongoDB a transaction cannot wait for another one
   */
  private async claim(claim: Omit<IdempotencyRecord, 'expiresAt'>, { session }: Transaction): Promise<void> {
    const now = Date.now();
    const expired = { _id: claim._id, expiresAt: { $lte: new Date(now) } };
    const record = { ...claim, expiresAt: new Date(now + DAY_MS) };
    await this.collection.replaceOne(expired, record, { session, upsert: true }).catch((error: unknown) => {
      if (duplicateKeyOf(error)) throw new Claimed();
      const isConflict = error instanceof mongo.MongoServerError && error.code === WRITE_CONFLICT;
      if (!isConflict) throw error;
      // Its process may be dead.
      this.abandoned.suspect();
      throw apiError('IDEMPOTENCY_IN_PROGRESS');
    });
  }

  /** Reads with majority concern, so that no response is replayed for a record that could still be rolled back. */
  private find(_id: string): Promise<IdempotencyRecord | null> {
    return this.collection.findOne(
      { _id, expiresAt: { $gt: new Date() } },
      { readConcern: { level: 'majority' } },
    );
  }

  /** @throws ApiError IDEMPOTENCY_KEY_REUSED if the stored request was a different one */
  private requireSame(
    earlier: IdempotencyRecord,
    request: KeyedRequest,
  ): { readonly earlier: IdempotencyRecord } {
    const isVersioned = earlier.digest.startsWith(DIGEST_VERSION);
    const wanted = isVersioned ? this.digestOf(request) : this.digestOfBytes(request);
    // Both are MACs, so the timing of the comparison reveals nothing useful.
    if (earlier.digest !== wanted) throw apiError('IDEMPOTENCY_KEY_REUSED');
    return { earlier };
  }

  private idOf({ caller, organization, key }: KeyedRequest): string {
    const whose = [caller ?? null, key];
    return this.macOf(organization === undefined ? whose : [...whose, organization]);
  }

  /** A digest that is the same for equal requests, however their JSON is written. */
  private digestOf({ method, route, params, query, body }: KeyedRequest): string {
    return DIGEST_VERSION + this.macOf([method, route, canonicalJson([params, query])], canonicalJson(body));
  }

  /** The digest from before digests had versions. Keys stored with it stay valid for a day. */
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

/** Another request has used the key since this one checked. */
class Claimed extends Error {}

function ownerOf({ caller }: KeyedRequest): Pick<IdempotencyRecord, 'ownerId'> {
  return caller === undefined ? {} : { ownerId: new Types.ObjectId(caller) };
}
