import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Caller, type Scope, scopeOf, SYSTEM, type UserId } from '../access/caller.js';
import { DeclarationError } from '../errors/start-error.js';
import { Cache, CacheEvict, MAX_TTL_S } from './cache.js';
import { jittered } from './caches.js';
import { holderOf } from './owner.js';

const ID = '66f1a0c2e4b0a1b2c3d4e5f6' as UserId;

/** What compiles. Lines that must not are marked, and the type check fails when one of them does. */
export class Compiled {
  @Cache({ ttl: 60 })
  ofUser(id: UserId): Promise<UserId> {
    return Promise.resolve(id);
  }

  @Cache({ ttl: 60 })
  ofScope(scope: Scope, id: string): Promise<unknown> {
    return Promise.resolve([scope, id]);
  }

  @CacheEvict()
  ofCaller(caller: Caller, _more?: number): Promise<unknown> {
    return Promise.resolve(caller);
  }

  @Cache({ ttl: 60, shared: true })
  ofNobody(): Promise<unknown> {
    return Promise.resolve();
  }

  // @ts-expect-error An id that is only a text could be anybody's.
  @Cache({ ttl: 60 })
  ofText(id: string): Promise<unknown> {
    return Promise.resolve(id);
  }

  // @ts-expect-error The owner comes first.
  @Cache({ ttl: 60 })
  ofLater(id: string, owner: UserId): Promise<unknown> {
    return Promise.resolve([id, owner]);
  }

  // @ts-expect-error Without an owner it must say that it is shared.
  @Cache({ ttl: 60 })
  ofNone(): Promise<unknown> {
    return Promise.resolve();
  }

  // @ts-expect-error An owner that may be absent.
  @CacheEvict()
  ofPerhaps(owner?: UserId): Promise<unknown> {
    return Promise.resolve(owner);
  }

  // @ts-expect-error What is kept is answered later.
  @Cache({ ttl: 60 })
  atOnce(owner: UserId): UserId {
    return owner;
  }
}

describe('the owner of what is kept', () => {
  const caller: Caller = {
    id: ID,
    role: 'user',
    permissions: new Set(),
    emailVerified: true,
    otpEnabled: false,
    validFrom: 0,
  };

  it('is read from an id, a scope or a caller', () => {
    expect([ID, scopeOf(ID), caller].map(holderOf)).toEqual([ID, ID, ID]);
    expect(holderOf({ ...SYSTEM, permission: 'users:read' })).toBe('all');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ada'],
    ['an id in capitals, which is the id of nobody', ID.toUpperCase()],
    ['an id with a line break', `${ID}\n`],
    ['a record', { id: ID, name: 'Ada' }],
    ['a scope with both', { ...scopeOf(ID), all: true }],
    ['a scope with neither', {}],
    ['a scope whose owner is none', { owner: { kind: 'user', id: 'all' } }],
    ['a list', [ID]],
  ])('cannot be %s', (_, value) => {
    expect(() => holderOf(value)).toThrow('names no owner');
  });
});

describe('a time to live', () => {
  it('ends up to a tenth early, and differs', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (ttl) => {
        const times = Array.from({ length: 20 }, () => jittered(ttl));
        expect(Math.max(...times)).toBeLessThanOrEqual(ttl);
        expect(Math.min(...times)).toBeGreaterThanOrEqual(0.9 * ttl);
        expect(new Set(times).size).toBeGreaterThan(1);
      }),
    );
  });

  it.each([0, -1, Number.NaN, Infinity, MAX_TTL_S + 1])('cannot be %d', (ttl) => {
    expect(() => Cache({ ttl })).toThrow(DeclarationError);
  });
});

describe('a decorator', () => {
  it('is refused beside another one, and on what is no method', () => {
    const method = { value: () => Promise.resolve() };
    Cache({ ttl: 1, shared: true })({}, 'method', method);
    expect(() => CacheEvict({ shared: true })({}, 'method', method)).toThrow(DeclarationError);
    expect(() => Cache({ ttl: 1, shared: true })({}, 'field', {})).toThrow('field is no method');
  });
});
