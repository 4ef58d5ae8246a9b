import { describe, expect, it } from '@jest/globals';
import { Coalescer } from './coalescer.js';

describe('a coalescer', () => {
  /** Each call ends when the test says so. */
  function asked() {
    const open: PromiseWithResolvers<number>[] = [];
    const calls = new Coalescer(() => {
      open.push(Promise.withResolvers<number>());
      return (open.at(-1) as PromiseWithResolvers<number>).promise;
    });
    return { open, calls };
  }

  it('calls twice for everyone who asks at the same time: once for the first, once for the others', async () => {
    const { open, calls } = asked();
    const answers = Array.from({ length: 100 }, () => calls.get('a'));
    expect(open).toHaveLength(1);
    open[0]?.resolve(1);
    expect(await answers[0]).toBe(1);
    expect(open).toHaveLength(2);
    open[1]?.resolve(2);
    expect(await Promise.all(answers.slice(1))).toEqual(Array.from({ length: 99 }, () => 2));
  });

  it('calls again for later questions, even after a failure', async () => {
    const { open, calls } = asked();
    const failing = calls.get('a');
    const waiting = calls.get('a');
    open[0]?.reject(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    open[1]?.resolve(2);
    expect(await waiting).toBe(2);
    const later = calls.get('a');
    open[2]?.resolve(3);
    expect(await later).toBe(3);
  });

  it('keeps keys apart', async () => {
    const { open, calls } = asked();
    const [a, b] = [calls.get('a'), calls.get('b')];
    open[1]?.resolve(2);
    expect(await b).toBe(2);
    open[0]?.resolve(1);
    expect(await a).toBe(1);
  });
});
