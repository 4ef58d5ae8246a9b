import { type Resource, transferredOf } from './resource.js';
import type { Ear } from './trail.js';

/** What methods and executors ask to be told. It is known before the records of any feature are made. */
const subscribed = new Set<string>();

/** Has a resource's records tell `tickets.created` to subscribers. */
export function subscribe(action: string): void {
  subscribed.add(action);
}

/** Everything that happens to the records of a resource. */
export function actionsOf(resource: Pick<Resource, 'plural' | 'actions' | 'commands'>): string[] {
  const { actions, commands } = resource;
  return [...Object.values(actions), ...Object.values(commands), transferredOf(resource)];
}

/** Who is told of a resource's changes; also whoever has subscribed to one. */
export function earsOf(resource: Resource): ReadonlySet<Ear> {
  const isSubscribed = actionsOf(resource).some((action) => subscribed.has(action));
  return isSubscribed ? new Set<Ear>([...resource.told, 'subscribers']) : resource.told;
}
