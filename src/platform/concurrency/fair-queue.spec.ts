import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

describe('a fair queue', () => {
  /** One slot; each run ends when the test says so. Records who was let in and who was refused. */
  function queueOf(maxWaiting = 64) {
    const queue = new FairQueue({ concurrency: 1, maxWaiting, timeoutMs: 1_500 });
    const turns: PromiseWithResolvers<boolean>[] = [];
    const entered: string[] = [];
    const refused: string[] = [];
    const ask = (name: string, subjects: readonly string[], isKnown = false) => {
      const work = () => {
        entered.push(name);
        turns.push(Promise.withResolvers<boolean>());
        return (turns.at(-1) as PromiseWithResolvers<boolean>).promise;
      };
      void queue
        .run({ isKnown, subjects }, work, (isRight) => isRight)
        .catch(({ code }: { code: string }) => void refused.push(`${name} ${code}`));
    };
    const settled = () => new Promise((resolve) => void setImmediate(resolve));
    /** Ends the current run and lets the next one begin. */
    const end = async (isRight = false) => {
      await settled();
      turns.at(-1)?.resolve(isRight);
      await settled();
    };
    return { ask, end, entered, refused, settled };
  }

  it('serves whoever has asked least first, not whoever came first', async () => {
    const { ask, end, entered } = queueOf();
    for (let times = 0; times < 5; times++) ask(`crowd ${times}`, ['crowd']);
    ask('owner', ['home']);
    ask('crowd 5', ['crowd']);
    for (let turn = 0; turn < 7; turn++) await end();
    expect(entered.slice(0, 2)).toEqual(['crowd 0', 'owner']);
    expect(entered).toHaveLength(7);
  });

  it('counts a wide network before the smaller ones in it, and these before accounts', async () => {
    const { ask, end, entered } = queueOf();
    ask('first', ['other']);
    for (let times = 0; times < 4; times++) ask(`rotating ${times}`, ['wide', `small ${times}`, 'theirs']);
    for (let times = 0; times < 3; times++) ask(`busy ${times}`, ['single', 'single', `account ${times}`]);
    ask('quiet account', ['single', 'single', 'account 4']);
    ask('neighbour', ['quiet', 'small 9', 'theirs']);
    for (let turn = 0; turn < 10; turn++) await end();
    expect(entered[1]).toBe('neighbour');
    const lastOf = (name: string) => entered.findLastIndex((each) => each.startsWith(name));
    expect(entered.indexOf('rotating 3')).toBeLessThan(lastOf('rotating') + 1);
    expect(entered).toHaveLength(10);
  });

  it('serves known claims before all others, however often they have asked', async () => {
    const { ask, end, entered } = queueOf();
    for (let times = 0; times < 9; times++) {
      ask('owner', ['home'], true);
      await end();
    }
    ask('first', ['other']);
    ask('stranger', ['elsewhere']);
    ask('owner again', ['home'], true);
    await end();
    expect(entered.at(-1)).toBe('owner again');
  });

  it('treats a claim without subjects as never having asked, whichever comes first', async () => {
    for (const isFirst of [true, false]) {
      const { ask, end, entered } = queueOf();
      ask('first', ['other']);
      const uncounted = () => ask('uncounted', [], true);
      if (isFirst) uncounted();
      for (let times = 0; times < 3; times++) ask('busy', ['busy'], true);
      if (!isFirst) uncounted();
      for (let turn = 0; turn < 2; turn++) await end();
      expect(entered[1]).toBe('uncounted');
    }
  });

  it('rejects the last in that order at once when too many wait', async () => {
    const { ask, refused, settled } = queueOf(3);
    for (let times = 0; times < 4; times++) ask(`crowd ${times}`, ['crowd']);
    ask('owner', ['home']);
    await settled();
    expect(refused).toEqual(['crowd 1 OVERLOADED']);
    ask('crowd 4', ['crowd']);
    await settled();
    expect(refused).toHaveLength(2);
    expect(refused.join()).not.toContain('owner');
  });

  it('counts a wrong guess more than a right one', async () => {
    const { ask, end, entered } = queueOf();
    for (let times = 0; times < 3; times++) {
      ask('right', ['right']);
      await end(true);
    }
    for (let times = 0; times < 3; times++) {
      ask('wrong', ['wrong']);
      await end();
    }
    ask('first', ['other']);
    ask('right again', ['right']);
    ask('wrong again', ['wrong']);
    await end();
    await end();
    expect(entered.slice(-2)).toEqual(['right again', 'wrong again']);
  });

  it('frees its slot when the work fails', async () => {
    const queue = new FairQueue({ concurrency: 1, maxWaiting: 1, timeoutMs: 1_500 });
    const claim = { isKnown: false, subjects: ['a'] };
    const failing = () =>
      queue.run(
        claim,
        () => Promise.reject(new Error('broken')),
        () => true,
      );
    await expect(failing()).rejects.toThrow('broken');
    await expect(failing()).rejects.toThrow('broken');
    expect(
      await queue.run(
        claim,
        () => Promise.resolve(1),
        () => true,
      ),
    ).toBe(1);
  });
});
