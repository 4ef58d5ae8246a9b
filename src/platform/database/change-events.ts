import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { type Actor, type UserId, userActor } from '../access/caller.js';
import { requestContext } from '../logging/request-context.js';
import { type Transaction, Transactions } from './transactions.js';

/** Optional parts of the product that can be notified of changes. */
export type EventConsumer = 'audit' | 'webhooks' | 'subscribers';

/** One field of a record before and after. Both are absent if the values may not leave the record. */
export interface FieldChange {
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** An event of a record. All values are JSON. */
export interface ChangeEvent {
  readonly actor: Actor;
  /** Undefined for records without an owner, and for events that outlive it. */
  readonly ownerId: Types.ObjectId | undefined;
  /** `tickets.created` */
  readonly action: string;
  /** `tickets/<id>` */
  readonly record: string;
  /** Later than all earlier events of the record, whichever process they came from. */
  readonly at: Date;
  readonly changes: readonly FieldChange[];
  /** The record after the event, or before its deletion, with the values that may leave it. */
  readonly object: Readonly<Record<string, unknown>> | undefined;
  readonly requestId: string | undefined;
  /** The parts that are notified. */
  readonly consumers: ReadonlySet<EventConsumer>;
}

/** Writes the consequences of changes in their transaction. */
export type Listener = (events: readonly ChangeEvent[], transaction: Transaction) => Promise<void>;

const CONSUMERS: ReadonlySet<EventConsumer> = new Set(['audit', 'webhooks']);

/** Notifies listening parts of events in the transaction of the change: both are stored, or neither. */
@Injectable()
export class ChangeEvents {
  private readonly listeners = new Map<EventConsumer, Listener>();
  private readonly offers = new Map<string, ReadonlySet<EventConsumer>>();

  constructor(private readonly transactions: Transactions) {}

  listen(consumer: EventConsumer, listener: Listener): void {
    this.listeners.set(consumer, listener);
  }

  /** Declares events, such as `tickets.created`. Only declared ones can be subscribed to by name. */
  offer(actions: readonly string[], consumers: ReadonlySet<EventConsumer> = CONSUMERS): void {
    for (const action of actions) this.offers.set(action, consumers);
  }

  /** The events that a part is notified of. */
  offeredTo(consumer: EventConsumer): string[] {
    return [...this.offers].filter(([, consumers]) => consumers.has(consumer)).map(([action]) => action);
  }

  hasListener(consumers?: ReadonlySet<EventConsumer>): boolean {
    return consumers
      ? this.listeners.keys().some((consumer) => consumers.has(consumer))
      : this.listeners.size > 0;
  }

  /** Whether it is the only part that listens to events for these consumers. */
  isOnlyListener(consumer: EventConsumer, consumers: ReadonlySet<EventConsumer>): boolean {
    return this.listeners.keys().every((each) => each === consumer || !consumers.has(each));
  }

  /** Runs work in the given transaction, or in a new one if any part listens. */
  join<T>(
    transaction: Transaction | undefined,
    work: (joined: Transaction | undefined) => Promise<T>,
  ): Promise<T> {
    return transaction || !this.hasListener() ? work(transaction) : this.transactions.run(work);
  }

  async publish(events: readonly ChangeEvent[], transaction: Transaction): Promise<void> {
    for (const [consumer, listener] of this.listeners) {
      const wanted = events.filter(({ consumers }) => consumers.has(consumer));
      if (wanted.length > 0) await listener(wanted, transaction);
    }
  }

  /**
   * Reports an event of a user's account, in the transaction that `join` provides.
   * @param action such as `signed-in`, after `users.signed-in` has been offered
   */
  async account(
    user: UserId,
    action: string,
    transaction: Transaction | undefined,
    changes: readonly FieldChange[] = [],
    actor: Actor = userActor(user),
  ): Promise<void> {
    if (transaction)
      await this.publishOne(`users/${user}`, user, `users.${action}`, transaction, changes, actor);
  }

  /**
   * Reports an event of an organization to its administrators, after `organizations.<action>` has been offered;
   * `deleted` only to those who may read everybody's entries.
   */
  async organization(
    id: string,
    action: string,
    transaction: Transaction,
    changes: readonly FieldChange[],
    actor: Actor,
  ): Promise<void> {
    const owner = action === 'deleted' ? undefined : id;
    const record = `organizations/${id}`;
    await this.publishOne(record, owner, `organizations.${action}`, transaction, changes, actor);
  }

  private publishOne(
    record: string,
    owner: string | undefined,
    action: string,
    transaction: Transaction,
    changes: readonly FieldChange[],
    actor: Actor,
  ): Promise<void> {
    const event = {
      actor,
      ownerId: owner === undefined ? undefined : new Types.ObjectId(owner),
      action,
      record,
      at: new Date(),
      changes,
      object: undefined,
      requestId: requestContext.getStore()?.requestId,
      consumers: CONSUMERS,
    };
    return this.publish([event], transaction);
  }
}
