import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('taking turns', () => {
  /** Answers when it is told to, with the number of the question. */
  function asked() {
    const open: PromiseWithResolvers<number>[] = [];
    const turns = new Turns(() => {
      open.push(Promise.withResolvers<number>());
      return (open.at(-1) as PromiseWithResolvers<number>).promise;
    });
    return { open, turns };
  }

  it('asks twice for all who come at the same time: once for the first, once for the others', async () => {
    const { open, turns } = asked();
    const answers = Array.from({ length: 100 }, () => turns.get('a'));
    expect(open).toHaveLength(1);
    open[0]?.resolve(1);
    expect(await answers[0]).toBe(1);
    expect(open).toHaveLength(2);
    open[1]?.resolve(2);
    expect(await Promise.all(answers.slice(1))).toEqual(Array.from({ length: 99 }, () => 2));
  });

  it('asks anew for who comes later, also after a failure', async () => {
    const { open, turns } = asked();
    const failing = turns.get('a');
    const waiting = turns.get('a');
    open[0]?.reject(new Error('away'));
    await expect(failing).rejects.toThrow('away');
    open[1]?.resolve(2);
    expect(await waiting).toBe(2);
    const later = turns.get('a');
    open[2]?.resolve(3);
    expect(await later).toBe(3);
  });

  it('keeps subjects apart', async () => {
    const { open, turns } = asked();
    const [a, b] = [turns.get('a'), turns.get('b')];
    open[1]?.resolve(2);
    expect(await b).toBe(2);
    open[0]?.resolve(1);
    expect(await a).toBe(1);
  });
});
