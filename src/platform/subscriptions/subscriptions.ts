import { Injectable } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import { PinoLogger } from 'nestjs-pino';
import { type Scope, SYSTEM, type UserId } from '../access/caller.js';
import { Standings } from '../access/standings.js';
import { Semaphore } from '../concurrency/semaphore.js';
import { withTimeout } from '../concurrency/timeout.js';
import { Repositories } from '../database/repositories.js';
import { actionsOf } from '../database/subscribed.js';
import { type ChangeEvent, ChangeEvents } from '../database/change-events.js';
import type { Transaction } from '../database/transactions.js';
import { DeclarationError } from '../errors/start-error.js';
import { Executions } from '../executions/executions.js';
import { optionsOf } from '../executions/executor.js';
import type { ExecutorClass } from '../executions/run.js';
import { type Subscriber, subscribers } from './on-record.js';
import { eventOf, RecordEvent } from './record-event.js';

/** Concurrent calls of methods in a process, and calls that may wait; further ones are dropped. */
const CONCURRENCY = 16;
const MAX_WAITING = 1_000;
/** A method that takes longer no longer counts towards the limit. */
const TIMEOUT_MS = 30_000;

type Call = (event: RecordEvent) => unknown;

/** A subscriber, ready to be called. */
interface ResolvedSubscriber extends Subscriber {
  /** Undefined for an executor. */
  readonly call: Call | undefined;
}

/** Notifies methods and executors with `@OnRecord` of events of records. */
@Injectable()
export class Subscriptions {
  private readonly byAction = new Map<string, ResolvedSubscriber[]>();
  private readonly slots = new Semaphore({ concurrency: CONCURRENCY, maxWaiting: MAX_WAITING });
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly repositories: Repositories,
    private readonly modules: ModuleRef,
    private readonly executions: Executions,
    private readonly changeEvents: ChangeEvents,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws DeclarationError for an event that no feature emits, and for a subscriber that cannot be called */
  begin(): void {
    this.byAction.clear();
    const known = new Set(this.repositories.resources.flatMap(actionsOf));
    for (const subscriber of subscribers) {
      const resolved = { ...subscriber, call: this.callOf(subscriber) };
      for (const action of subscriber.actions) {
        if (!known.has(action)) {
          throw new DeclarationError(
            `${subscriber.title}: no feature emits ${action}; there are ${[...known].toSorted().join(', ')}`,
          );
        }
        this.byAction.set(action, [...(this.byAction.get(action) ?? []), resolved]);
      }
    }
    if (subscribers.length > 0)
      this.changeEvents.listen('subscribers', (all, joined) => this.notify(all, joined));
  }

  /** Resolves once no calls are running, or after the time. */
  async settled(ms: number): Promise<void> {
    await withTimeout(ms, Promise.all(this.underWay)).catch(() => undefined);
  }

  private callOf({ type, method, title }: Subscriber): Call | undefined {
    const provider = this.discovery.getProviders().find(({ metatype }) => metatype === type);
    if (!provider) {
      throw new DeclarationError(
        `${title}: ${type.name} is not a provider; add it to the providers of its module`,
      );
    }
    if (method === undefined) {
      if ((optionsOf(type)?.input as unknown) === RecordEvent) return undefined;
      throw new DeclarationError(`${title}: write @Executor({ type: …, input: RecordEvent }) above it, too`);
    }
    const instance = provider.instance as Record<string, unknown> | undefined;
    const call = instance?.[method];
    if (!provider.isDependencyTreeStatic() || typeof call !== 'function') {
      throw new DeclarationError(
        `${title} cannot be called: let its class have no scope of its own (Scope.REQUEST)`,
      );
    }
    return call.bind(instance) as Call;
  }

  private async notify(changes: readonly ChangeEvent[], transaction: Transaction): Promise<void> {
    for (const change of changes) {
      const subscribed = this.byAction.get(change.action) ?? [];
      if (subscribed.length === 0) continue;
      const event = eventOf(change);
      for (const { type, call, title } of subscribed) {
        if (call) transaction.afterwards(() => this.run(title, call, event));
        else await this.start(type, event, change.record, transaction);
      }
    }
  }

  private async start(
    type: Subscriber['type'],
    event: RecordEvent,
    record: string,
    transaction: Transaction,
  ) {
    const scope = await this.scopeOf(event);
    const executor = type as ExecutorClass<RecordEvent>;
    await this.executions.start(executor, event, { scope, transaction, record });
  }

  /** The product itself, on the records of the owner, whoever made the change: an organization cannot act as a user. */
  private async scopeOf({ ownerId }: RecordEvent): Promise<Scope> {
    if (ownerId === null) return SYSTEM;
    // Provided by a feature, which is created after this.
    const standing = await this.modules.get(Standings, { strict: false }).of(ownerId as UserId);
    const kind = standing === 'gone' ? 'organization' : 'user';
    return { actor: SYSTEM.actor, owner: { kind, id: ownerId } };
  }

  private run(title: string, call: Call, event: RecordEvent): void {
    const running = this.called(call, event)
      .catch((err: unknown) => {
        const subscriber = title.split(' ').at(-1);
        const { action, id: recordId } = event;
        this.logger.error({ event: 'subscriber_failed', subscriber, action, recordId, err });
      })
      .finally(() => this.underWay.delete(running));
    this.underWay.add(running);
  }

  private async called(call: Call, event: RecordEvent): Promise<void> {
    const calling = () =>
      withTimeout(
        TIMEOUT_MS,
        Promise.resolve().then(() => call(event)),
      );
    await this.slots.run(calling);
  }
}
