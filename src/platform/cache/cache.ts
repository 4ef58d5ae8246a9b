import { needsModule } from '../errors/needed-modules.js';
import { DeclarationError } from '../errors/start-error.js';
import type { Owner } from './owner.js';

/** The longest time to live, in seconds: versions must outlive the entries whose keys hold them. */
export const MAX_TTL_S = 24 * 60 * 60;

const CACHED = Symbol('cached');
const EVICTS = Symbol('evicts');

type Method = (...args: never[]) => unknown;

/** What a decorator says of a method. */
export interface CacheRule {
  /** Data without an owner: the first argument names none. */
  readonly isShared: boolean;
  /** In seconds. */
  readonly ttl: number;
}

interface OwnedOptions {
  /** How long a result is cached at most, in seconds, up to a day. */
  readonly ttl: number;
  readonly shared?: false;
}
interface SharedOptions {
  readonly ttl: number;
  /** The data has no owner, so the method needs none. */
  readonly shared: true;
}

/** A method for one owner: forgetting the owner does not compile. */
type OwnedDecorator = <Args extends [Owner, ...unknown[]], Result>(
  prototype: object,
  name: string | symbol,
  method: TypedPropertyDescriptor<(...args: Args) => Promise<Result>>,
) => void;

type SharedDecorator = <Args extends unknown[], Result>(
  prototype: object,
  name: string | symbol,
  method: TypedPropertyDescriptor<(...args: Args) => Promise<Result>>,
) => void;

/**
 * Caches the result of a method per owner and arguments, until `ttl` has passed or `@CacheEvict` or `Caches.evict`
 * evicts it: at once in this process, within two seconds in others. Concurrent calls share one execution; errors are
 * not cached.
 *
 * For provider methods whose result depends on their arguments and the database alone and that have no side effects: a
 * cached call records no events. Not inside a transaction. Results are plain objects, lists, texts, numbers, dates,
 * maps and sets, as DTOs are; null and undefined are cached, too.
 */
export function Cache(options: OwnedOptions): OwnedDecorator;
export function Cache(options: SharedOptions): SharedDecorator;
export function Cache({ ttl, shared = false }: OwnedOptions | SharedOptions): SharedDecorator {
  if (!(ttl > 0 && ttl <= MAX_TTL_S))
    throw new DeclarationError(`@Cache takes a ttl up to ${MAX_TTL_S} seconds`);
  return note(CACHED, { isShared: shared, ttl });
}

/**
 * Evicts what `@Cache` of the same class holds for the owner in the first argument, once the method is done, or with
 * the `Transaction` among its arguments. A method that fails outside a transaction evicts as well, since it may have
 * changed something. Entries for `{ all: true }` and shared ones are evicted along with any owner's.
 */
export function CacheEvict(options?: { readonly shared?: false }): OwnedDecorator;
export function CacheEvict(options: { readonly shared: true }): SharedDecorator;
export function CacheEvict({ shared = false }: { readonly shared?: boolean } = {}): SharedDecorator {
  return note(EVICTS, { isShared: shared, ttl: 0 });
}

function note(key: symbol, rule: CacheRule): SharedDecorator {
  return ({ constructor }, name, { value }) => {
    if (typeof value !== 'function') throw new DeclarationError(`${String(name)} is no method`);
    if (Reflect.hasMetadata(CACHED, value) || Reflect.hasMetadata(EVICTS, value)) {
      throw new DeclarationError(`${String(name)} either keeps or evicts, and once`);
    }
    Reflect.defineMetadata(key, rule, value);
    needsModule('CacheModule', `${constructor.name}.${String(name)} has @Cache or @CacheEvict`);
  };
}

/** What `@Cache` says of a method. */
export function cacheRuleOf(method: Method): CacheRule | undefined {
  return Reflect.getMetadata(CACHED, method) as CacheRule | undefined;
}

/** What `@CacheEvict` says of a method. */
export function evictRuleOf(method: Method): CacheRule | undefined {
  return Reflect.getMetadata(EVICTS, method) as CacheRule | undefined;
}
