import { Injectable, type Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { PinoLogger } from 'nestjs-pino';
import { DeclarationError } from '../errors/start-error.js';
import { noteInTrace, type Span, traced } from '../logging/spans.js';
import { isTransaction, type Transaction } from '../database/transactions.js';
import { type CacheRule, cacheRuleOf, evictRuleOf } from './cache.js';
import { ALL, type Holder, holderOf, type Owner } from './owner.js';
import { CacheVersions } from './cache-versions.js';
import { deserialize, keyOf, NotSerializable, serialize } from './serializer.js';
import { CacheStores } from './cache-stores.js';

/** Longer texts are not cached. */
const MAX_TEXT = 1_000_000;
/** Entries expire up to a tenth early, at random, so that entries written together do not expire together. */
const JITTER = 0.1;

/** A time to live with jitter, never longer than asked for. */
export function jittered(ttl: number): number {
  return ttl * (1 - JITTER * Math.random());
}

type Call = () => Promise<unknown>;
type Method = (...args: unknown[]) => Promise<unknown>;

/** A method with one of the decorators. */
interface Place {
  readonly type: string;
  readonly method: string;
  readonly rule: CacheRule;
  readonly span: Span;
}

/** The result of a call: text from which each caller makes its own value, or a value that cannot be cached. */
type Outcome = { readonly text: string } | { readonly text?: never; readonly value: unknown };

/** Implements `@Cache` and `@CacheEvict`. */
@Injectable()
export class Caches {
  private readonly types = new Map<string, unknown>();
  private readonly bound = new WeakSet<object>();
  /** Calls and look-ups in flight. */
  private readonly flights = new Map<string, Promise<Outcome>>();
  private readonly refused = new Set<string>();

  constructor(
    private readonly versions: CacheVersions,
    private readonly stores: CacheStores,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * Evicts what a class caches for an owner, or for everybody with `{ all: true }` and `'all'`. Call it once the change
   * is written, or pass the transaction that the change is part of.
   */
  async evict(type: Type, owner: Owner | typeof ALL, transaction?: Transaction): Promise<void> {
    if (this.types.get(type.name) !== type) throw new Error(`${type.name} has no method with @Cache`);
    await this.versions.renew(type.name, owner === ALL ? ALL : holderOf(owner), transaction);
  }

  /** Evicts whatever is cached for an owner. */
  async evictAllOf(owner: string, transaction: Transaction): Promise<void> {
    for (const type of this.types.keys()) await this.versions.renew(type, holderOf(owner), transaction);
  }

  /** Wraps the methods of a provider that have `@Cache` or `@CacheEvict`. */
  bind(provider: object): void {
    if (this.bound.has(provider)) return;
    this.bound.add(provider);
    for (const { name, keeps, rule } of ruledMethods(provider.constructor)) {
      this.claim(provider.constructor);
      const type = provider.constructor.name;
      const span = { name: 'cache get', fields: { 'cache.of': `${type}.${name}` } };
      const place: Place = { type, method: name, rule, span };
      const call = ((provider as Record<string, Method>)[name] as Method).bind(provider);
      const value: Method = keeps
        ? (...args) => this.answer(place, args, () => call(...args))
        : (...args) => this.change(place, args, () => call(...args));
      Object.defineProperty(provider, name, { value, configurable: true, writable: true });
    }
  }

  /** Keys begin with the name of the class. */
  private claim(type: object & { readonly name: string }): void {
    const known = this.types.get(type.name) ?? type;
    if (known !== type) throw new DeclarationError(`Two classes with @Cache are called ${type.name}`);
    this.types.set(type.name, type);
  }

  private async answer(place: Place, args: readonly unknown[], call: Call): Promise<unknown> {
    const holder = holderIn(args, place.rule);
    const version = await this.versionOf(place, holder);
    // Without it nothing cached can be trusted.
    if (version === undefined) return call();
    const key = this.keyOf(place, version, args);
    if (key === undefined) return call();
    const outcome = await (this.flights.get(key) ?? this.start(key, place, call));
    return outcome.text === undefined ? outcome.value : deserialize(outcome.text);
  }

  private async change({ type, rule }: Place, args: readonly unknown[], call: Call): Promise<unknown> {
    const holder = holderIn(args, rule);
    const transaction = args.find(isTransaction);
    try {
      const result = await call();
      await this.versions.renew(type, holder, transaction);
      return result;
    } catch (error) {
      if (!transaction) await this.versions.renew(type, holder).catch(() => undefined);
      throw error;
    }
  }

  private async versionOf({ type }: Place, holder: Holder): Promise<string | undefined> {
    try {
      return await this.versions.read(type, holder);
    } catch {
      return undefined;
    }
  }

  private keyOf(place: Place, version: string, args: readonly unknown[]): string | undefined {
    try {
      return keyOf([place.type, place.method, version, args]);
    } catch (error) {
      return this.refuse(place, 'argument', error);
    }
  }

  private start(key: string, place: Place, call: Call): Promise<Outcome> {
    const flight = traced(place.span, () => this.lookUp(key, place, call)).finally(() =>
      this.flights.delete(key),
    );
    this.flights.set(key, flight);
    return flight;
  }

  private async lookUp(key: string, place: Place, call: Call): Promise<Outcome> {
    const kept = await this.stores.get(key);
    noteInTrace({ 'cache.hit': kept !== undefined });
    if (kept !== undefined) return { text: kept };
    const value = await call();
    const text = this.textOf(place, value);
    if (text === undefined) return { value };
    await this.stores.set(key, text, jittered(1000 * place.rule.ttl));
    return { text };
  }

  private textOf(place: Place, value: unknown): string | undefined {
    try {
      const text = serialize(value);
      if (text.length > MAX_TEXT) throw new NotSerializable(`more than ${MAX_TEXT} characters`);
      return text;
    } catch (error) {
      return this.refuse(place, 'answer', error);
    }
  }

  /** Logs once per method why it is not cached; the method itself works. */
  private refuse({ type, method }: Place, what: string, error: unknown): undefined {
    if (!(error instanceof NotSerializable)) throw error;
    const place = `${type}.${method}`;
    if (this.refused.has(place)) return;
    this.refused.add(place);
    this.logger.error({ event: 'cache_refused', method: place, what, reason: error.message });
  }
}

function holderIn([first]: readonly unknown[], { isShared }: CacheRule): Holder {
  return isShared ? ALL : holderOf(first);
}

/** The methods of a class that have one of the decorators, inherited ones included. */
export function ruledMethods(type: object): { name: string; keeps: boolean; rule: CacheRule }[] {
  const { prototype } = type as { prototype?: Record<string, Method> };
  if (!prototype) return [];
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const keeps = cacheRuleOf(prototype[name] as Method);
    const rule = keeps ?? evictRuleOf(prototype[name] as Method);
    return rule ? [{ name, keeps: keeps !== undefined, rule }] : [];
  });
}
