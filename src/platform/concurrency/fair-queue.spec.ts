import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

describe('a fair queue', () => {
  /** One place; each turn ends when it is told to. What was let in is named, and what was refused. */
  function queueOf(waiting = 64) {
    const queue = new FairQueue({ places: 1, waiting, patienceMs: 1_500 });
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
    /** Ends the turn that is under way, and lets the next one begin. */
    const end = async (isRight = false) => {
      await settled();
      turns.at(-1)?.resolve(isRight);
      await settled();
    };
    return { ask, end, entered, refused, settled };
  }

  it('lets who has asked for least go first, not who came first', async () => {
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

  it('lets who is known go before all others, however often it has asked', async () => {
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

  it('takes who is counted for nothing as never having asked, whichever of the two comes first', async () => {
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

  it('refuses at once who comes last in that order, when too many wait', async () => {
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

  it('counts a guess more than what was right', async () => {
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

  it('gives its place back when the work fails', async () => {
    const queue = new FairQueue({ places: 1, waiting: 1, patienceMs: 1_500 });
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
