import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { type Actor, type UserId, userActor } from '../access/caller.js';
import { requestContext } from '../logging/request-context.js';
import { type Transaction, Transactions } from './transactions.js';

/** What may be told of changes, where it is part of the product. */
export type Ear = 'audit' | 'webhooks' | 'subscribers';

/** One field of a record before and after. Both are absent where the values may not leave the record. */
export interface FieldChange {
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** Something that has happened to a record. All values are JSON. */
export interface Happening {
  readonly actor: Actor;
  /** Undefined for records that belong to nobody, and for what outlives its owner. */
  readonly ownerId: Types.ObjectId | undefined;
  /** `tickets.created` */
  readonly action: string;
  /** `tickets/<id>` */
  readonly record: string;
  /** Later than whatever happened to the record before, whichever process that was. */
  readonly at: Date;
  readonly changes: readonly FieldChange[];
  /** The record afterwards, or the last time it was there, as far as its values may leave it. */
  readonly object: Readonly<Record<string, unknown>> | undefined;
  readonly requestId: string | undefined;
  /** Who is told of it. */
  readonly ears: ReadonlySet<Ear>;
}

/** Writes, in the transaction of a change, what is to follow from it. */
export type Listener = (happenings: readonly Happening[], transaction: Transaction) => Promise<void>;

const EVERYBODY: ReadonlySet<Ear> = new Set(['audit', 'webhooks']);

/** Tells the parts that listen what happens, in the transaction in which it happens: both are there, or neither. */
@Injectable()
export class Trail {
  private readonly listeners = new Map<Ear, Listener>();
  private readonly offers = new Map<string, ReadonlySet<Ear>>();

  constructor(private readonly transactions: Transactions) {}

  listen(ear: Ear, listener: Listener): void {
    this.listeners.set(ear, listener);
  }

  /** Says what can happen: `tickets.created`. Only that can be listened for by name. */
  offer(actions: readonly string[], ears: ReadonlySet<Ear> = EVERYBODY): void {
    for (const action of actions) this.offers.set(action, ears);
  }

  /** What can happen of which an ear is told. */
  offeredTo(ear: Ear): string[] {
    return [...this.offers].filter(([, ears]) => ears.has(ear)).map(([action]) => action);
  }

  isHeard(ears?: ReadonlySet<Ear>): boolean {
    return ears ? this.listeners.keys().some((ear) => ears.has(ear)) : this.listeners.size > 0;
  }

  /** Runs work in the given transaction, or in one of its own where somebody is told of it. */
  join<T>(
    transaction: Transaction | undefined,
    work: (joined: Transaction | undefined) => Promise<T>,
  ): Promise<T> {
    return transaction || !this.isHeard() ? work(transaction) : this.transactions.run(work);
  }

  async tell(happenings: readonly Happening[], transaction: Transaction): Promise<void> {
    for (const [ear, listener] of this.listeners) {
      const heard = happenings.filter(({ ears }) => ears.has(ear));
      if (heard.length > 0) await listener(heard, transaction);
    }
  }

  /**
   * Tells what has happened to the account of a user, in the transaction that `join` has given.
   * @param action such as `signed-in`, once it was offered as `users.signed-in`
   */
  async account(
    user: UserId,
    action: string,
    transaction: Transaction | undefined,
    changes: readonly FieldChange[] = [],
    actor: Actor = userActor(user),
  ): Promise<void> {
    if (transaction)
      await this.happened(`users/${user}`, user, `users.${action}`, transaction, changes, actor);
  }

  /**
   * Tells its administrators what has happened to an organization, once it was offered as `organizations.<action>`;
   * that it was `deleted` only who reads everything.
   */
  async organization(
    id: string,
    action: string,
    transaction: Transaction,
    changes: readonly FieldChange[],
    actor: Actor,
  ): Promise<void> {
    const owner = action === 'deleted' ? undefined : id;
    await this.happened(`organizations/${id}`, owner, `organizations.${action}`, transaction, changes, actor);
  }

  private happened(
    record: string,
    owner: string | undefined,
    action: string,
    transaction: Transaction,
    changes: readonly FieldChange[],
    actor: Actor,
  ): Promise<void> {
    const happening = {
      actor,
      ownerId: owner === undefined ? undefined : new Types.ObjectId(owner),
      action,
      record,
      at: new Date(),
      changes,
      object: undefined,
      requestId: requestContext.getStore()?.requestId,
      ears: EVERYBODY,
    };
    return this.tell([happening], transaction);
  }
}
