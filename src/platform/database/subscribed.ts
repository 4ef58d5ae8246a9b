import { type Resource, transferredOf } from './resource.js';
import type { EventConsumer } from './change-events.js';

/** The events that methods and executors subscribe to. They are known before the records of any feature are created. */
const subscribed = new Set<string>();

/** Makes a resource's records report `tickets.created` to subscribers. */
export function subscribe(action: string): void {
  subscribed.add(action);
}

/** All events of a resource's records. */
export function actionsOf(resource: Pick<Resource, 'plural' | 'actions' | 'commands'>): string[] {
  const { actions, commands } = resource;
  return [...Object.values(actions), ...Object.values(commands), transferredOf(resource)];
}

/** The parts that are notified of a resource's changes, including subscribers. */
export function consumersOf(resource: Resource): ReadonlySet<EventConsumer> {
  const isSubscribed = actionsOf(resource).some((action) => subscribed.has(action));
  return isSubscribed ? new Set<EventConsumer>([...resource.consumers, 'subscribers']) : resource.consumers;
}
