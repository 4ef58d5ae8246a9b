import { beforeEach, describe, expect, it } from '@jest/globals';
import { AdaptiveLimit, BOUNDS } from './adaptive-limit.js';

const { least, most } = BOUNDS;

describe('the limit of requests', () => {
  let turnMs: number;
  let databaseMs: number | undefined;
  let limit: AdaptiveLimit;

  beforeEach(() => {
    turnMs = 1;
    databaseMs = 2;
    const queues = { turnMs: () => turnMs, databaseMs: () => databaseMs, operations: 100 };
    limit = new AdaptiveLimit(queues, { ...BOUNDS, everyMs: 0 });
  });

  /** What it is after so many looks with so many requests under way. */
  function after(times: number, busy: number): number {
    for (let time = 1; time < times; time++) limit.limitFor(busy);
    return limit.limitFor(busy);
  }

  it('is at its highest while nothing is slow', () => {
    expect(after(10, 500)).toBe(most);
  });

  it('does not fall for one slow turn', () => {
    turnMs = 300;
    after(1, 200);
    turnMs = 1;
    expect(after(1, 200)).toBe(most);
  });

  it.each([
    ['the event loop', () => (turnMs = 40)],
    ['the database', () => (databaseMs = 40)],
  ])('falls below what is under way when %s stays slow, down to its least', (_, slow) => {
    after(1, 200);
    slow();
    expect(after(2, 200)).toBe(160);
    expect(after(9, 200)).toBe(least);
  });

  it('stays where it is with few under way: it is not their number that makes them slow', () => {
    turnMs = 500;
    expect(after(20, least)).toBe(most);
  });

  it('grows again once nothing is slow', () => {
    turnMs = 40;
    after(40, 200);
    turnMs = 1;
    expect(after(5, least)).toBeGreaterThan(least * 1.5);
    // As fast as it is used up, and slowly beyond that.
    for (let time = 0; time < 60; time++) limit.limitFor(limit.current);
    expect(limit.current).toBe(most);
    turnMs = 40;
    after(40, 200);
    turnMs = 1;
    expect(after(60, 2)).toBeLessThan(least * 2);
    expect(after(500, 2)).toBe(most);
  });

  it('settles at what can be done in time', () => {
    // A server of which every request that is under way makes each turn longer.
    let busy = 0;
    for (let time = 0; time < 300; time++) {
      turnMs = busy / 6;
      busy = Math.min(400, limit.limitFor(busy));
    }
    expect(busy / 6).toBeGreaterThan(BOUNDS.turnMs * 0.5);
    expect(busy / 6).toBeLessThan(BOUNDS.turnMs * 1.5);
  });

  it('accepts that a database is far away', () => {
    databaseMs = 90;
    expect(after(50, 200)).toBe(most);
  });

  it('accepts that a database has become slower, once refusing has not helped', () => {
    after(5, 10);
    databaseMs = 60;
    expect(after(12, 200)).toBe(least);
    expect(after(200, 200)).toBeGreaterThan(200);
  });

  it('does not mind handlers that ask no database', () => {
    databaseMs = undefined;
    expect(after(20, 500)).toBe(most);
  });
});
