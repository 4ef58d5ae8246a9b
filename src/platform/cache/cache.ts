import { needsModule } from '../errors/needed-modules.js';
import { DeclarationError } from '../errors/start-error.js';
import type { Owner } from './owner.js';

/** Longer than that nothing is kept, in seconds: stamps must live longer than what they are part of. */
export const MAX_TTL_S = 24 * 60 * 60;

const CACHED = Symbol('cached');
const EVICTS = Symbol('evicts');

type Method = (...args: never[]) => unknown;

/** What is to be done about a method. */
export interface CacheRule {
  /** Data that belongs to nobody: the first argument is no owner. */
  readonly isShared: boolean;
  /** In seconds. */
  readonly ttl: number;
}

interface OwnedOptions {
  /** How long a result is kept at most, in seconds, up to a day. */
  readonly ttl: number;
  readonly shared?: false;
}
interface SharedOptions {
  readonly ttl: number;
  /** The data belongs to nobody, so that the method needs no owner. */
  readonly shared: true;
}

/** A method for one owner: one that forgets the owner does not compile. */
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
 * Keeps what the method answers, for each owner and all of its arguments, until `ttl` is over or `@CacheEvict` or
 * `Caches.evict` says that it has changed: then this process forgets at once, and others within two seconds.
 * Requests at the same time share one call; an error is not kept.
 *
 * For methods of providers whose answer depends on their arguments and the database alone, and that do nothing else:
 * a kept answer writes no events. Not for use within a transaction. Answers are plain objects, lists, texts, numbers,
 * dates, maps and sets, as DTOs are; null and undefined are answers, too.
 */
export function Cache(options: OwnedOptions): OwnedDecorator;
export function Cache(options: SharedOptions): SharedDecorator;
export function Cache({ ttl, shared = false }: OwnedOptions | SharedOptions): SharedDecorator {
  if (!(ttl > 0 && ttl <= MAX_TTL_S))
    throw new DeclarationError(`@Cache takes a ttl up to ${MAX_TTL_S} seconds`);
  return note(CACHED, { isShared: shared, ttl });
}

/**
 * Forgets what `@Cache` of the same class keeps for the owner that the first argument names, once the method is done;
 * with a `Transaction` among its arguments, together with that. A method that fails without one may have changed
 * something already, so that it evicts, too. What is kept for `{ all: true }`, and what is shared, is forgotten with
 * each owner's.
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
