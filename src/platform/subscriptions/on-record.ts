import type { Type } from '@nestjs/common';
import { subscribe } from '../database/subscribed.js';
import { needsModule } from '../errors/needed-modules.js';
import { DeclarationError } from '../errors/start-error.js';
import type { ExecutorClass } from '../executions/run.js';
import type { RecordEvent } from './record-event.js';

/** A subscribed method, or an executor if there is no method. */
export interface Subscriber {
  readonly type: Type;
  readonly method: string | undefined;
  readonly actions: readonly string[];
  /** `@OnRecord above Greeter.greet` */
  readonly title: string;
}

const declared: Subscriber[] = [];

/** Everything that has `@OnRecord`, whether or not it is part of the application. */
export const subscribers: readonly Subscriber[] = declared;

interface OnRecordDecorator {
  <T extends (event: RecordEvent) => unknown>(
    target: object,
    method: string,
    descriptor: TypedPropertyDescriptor<T>,
  ): void;
  (executor: ExecutorClass<RecordEvent>): void;
}

/**
 * Subscribes to events of records: `@OnRecord(tickets.created)`. A method of a provider is called in the process that
 * changed the record, right after the commit; a crash may lose the call. For an executor whose input is `RecordEvent`,
 * an execution starts in the transaction of the change, and finishes even after crashes.
 */
export function OnRecord(...actions: readonly [string, ...string[]]): OnRecordDecorator {
  const decorate = (target: object, method?: string): void => {
    const type = (method === undefined ? target : target.constructor) as Type;
    const title = `@OnRecord above ${type.name}${method === undefined ? '' : `.${method}`}`;
    if (method !== undefined && typeof target === 'function') {
      throw new DeclarationError(`${title}: a static method does not belong to a provider; remove static`);
    }
    for (const action of actions) {
      if (typeof action !== 'string')
        throw new DeclarationError(`${title}: name an event, such as tickets.created`);
      subscribe(action);
    }
    needsModule('SubscriptionsModule', title.replace('above', 'is above'));
    declared.push({ type, method, actions, title });
  };
  return decorate;
}
