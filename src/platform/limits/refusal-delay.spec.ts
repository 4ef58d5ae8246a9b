import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RefusalDelay } from './refusal-delay.js';

describe('callers who do not heed Retry-After', () => {
  let delay: RefusalDelay;
  let sent: string[];
  const refuse = (caller: string, times = 1) => {
    for (let n = 0; n < times; n++) delay.answer(caller, () => sent.push(caller));
  };
  const sentTo = (caller: string) => sent.filter((each) => each === caller).length;

  beforeEach(() => {
    jest.useFakeTimers();
    delay = new RefusalDelay(250);
    sent = [];
  });
  afterEach(() => void jest.useRealTimers());

  it('wait for their refusals, from the fifty-first of a second on', () => {
    refuse('flood', 60);
    expect(sentTo('flood')).toBe(50);
    jest.advanceTimersByTime(249);
    expect(sentTo('flood')).toBe(50);
    jest.advanceTimersByTime(251);
    expect(sentTo('flood')).toBe(60);
  });

  it('keep nobody else waiting', () => {
    refuse('flood', 60);
    refuse('other');
    expect(sentTo('other')).toBe(1);
  });

  it('get their refusals spread out: they would all ask again together', () => {
    refuse('flood', 50 + 250);
    const sentAt = Array.from({ length: 50 }, () => {
      const before = sent.length;
      jest.advanceTimersByTime(10);
      return sent.length - before;
    });
    expect(Math.max(...sentAt)).toBeLessThan(60);
    expect(sentAt.filter((count) => count > 0).length).toBeGreaterThan(15);
  });

  it('get one at once again every 20 ms', () => {
    refuse('flood', 60);
    jest.advanceTimersByTime(60);
    refuse('flood', 10);
    expect(sentTo('flood')).toBe(53);
  });

  it('are forgiven after a second', () => {
    refuse('flood', 60);
    jest.advanceTimersByTime(1_000);
    refuse('flood');
    expect(sentTo('flood')).toBe(61);
  });

  it('are answered at once where too many wait, so that what waits is bounded', () => {
    refuse('flood', 50 + 5_000);
    expect(sentTo('flood')).toBe(50);
    refuse('flood', 7);
    expect(sentTo('flood')).toBe(57);
    jest.advanceTimersByTime(500);
    expect(sentTo('flood')).toBe(5_057);
  });
});
