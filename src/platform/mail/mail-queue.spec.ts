import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Job, MailQueue } from './mail-queue.js';

/** Jobs that note what becomes of them. */
class Notes {
  readonly lines: string[] = [];

  /** A job that fails so many times, then succeeds. */
  job(name: string, failures = 0, isTemporary = true): Job {
    let left = failures;
    return {
      run: async () => {
        await sleep(5);
        if (left-- > 0) throw new Error('refused');
        this.lines.push(`${name} done`);
      },
      isTemporary: () => isTemporary,
      givenUp: (error) => void this.lines.push(`${name} given up: ${(error as Error).message}`),
    };
  }

  async until(count: number): Promise<void> {
    while (this.lines.length < count) await sleep(5);
  }
}

describe('the queue of mails', () => {
  it('starts nothing before what runs now has had its turn', async () => {
    const notes = new Notes();
    let isStarted = false;
    new MailQueue({ concurrency: 1 }).add({
      ...notes.job('a'),
      run: () => Promise.resolve(void (isStarted = true)),
    });
    await Promise.resolve();
    expect(isStarted).toBe(false);
    await sleep(20);
    expect(isStarted).toBe(true);
  });

  it('does so many jobs at a time and no more', async () => {
    const queue = new MailQueue({ concurrency: 2 });
    let [running, most, done] = [0, 0, 0];
    const job: Job = {
      run: async () => {
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
        done++;
      },
      isTemporary: () => true,
      givenUp: () => undefined,
    };
    for (let n = 0; n < 20; n++) queue.add(job);
    await queue.drain(5_000);
    expect([most, done]).toEqual([2, 20]);
  });

  it('tries again after each pause, and lets others pass meanwhile', async () => {
    const notes = new Notes();
    const queue = new MailQueue({ concurrency: 1, pausesMs: [50, 100] });
    const start = Date.now();
    queue.add(notes.job('a', 2));
    queue.add(notes.job('b'));
    await notes.until(2);
    expect(notes.lines).toEqual(['b done', 'a done']);
    expect(Date.now() - start).toBeGreaterThanOrEqual(150);
  });

  it('gives up after the last pause, and at once where trying again cannot help', async () => {
    const notes = new Notes();
    const queue = new MailQueue({ concurrency: 1, pausesMs: [50] });
    queue.add(notes.job('a', 2));
    queue.add(notes.job('b', 1, false));
    await notes.until(2);
    expect(notes.lines).toEqual(['b given up: refused', 'a given up: refused']);
    queue.add(notes.job('c'));
    await notes.until(3);
  });

  it('refuses what is too much, also while earlier ones pause', async () => {
    const notes = new Notes();
    const queue = new MailQueue({ concurrency: 1, pausesMs: [60_000], maxJobs: 2 });
    expect([queue.add(notes.job('a', 1)), queue.add(notes.job('b', 1))]).toEqual([true, true]);
    expect(queue.add(notes.job('c'))).toBe(false);
    await sleep(40);
    expect(queue.add(notes.job('d'))).toBe(false);
    await queue.drain(1_000);
    expect(notes.lines).toEqual(['a done', 'b done']);
    expect(queue.add(notes.job('e'))).toBe(true);
  });

  it('does what is left when it is drained, without pauses', async () => {
    const notes = new Notes();
    const queue = new MailQueue({ concurrency: 1, pausesMs: [60_000, 60_000] });
    queue.add(notes.job('a', 1));
    queue.add(notes.job('b', 2));
    await sleep(40);
    queue.add(notes.job('c', 1));
    await queue.drain(1_000);
    expect(notes.lines.toSorted()).toEqual(['a done', 'b given up: refused', 'c given up: refused']);
  });

  it('gives up what is not done in time when it is drained, once', async () => {
    const notes = new Notes();
    const queue = new MailQueue({ concurrency: 1 });
    queue.add({ ...notes.job('a'), run: () => sleep(100).then(() => Promise.reject(new Error('late'))) });
    queue.add(notes.job('b'));
    await sleep(10);
    await queue.drain(30);
    expect(notes.lines).toEqual(['a given up: The process ended', 'b given up: The process ended']);
    await sleep(120);
    expect(notes.lines).toHaveLength(2);
  });

  it('works for the request that a job comes from', async () => {
    const context = new AsyncLocalStorage<string>();
    const queue = new MailQueue({ concurrency: 1, pausesMs: [5] });
    const seen: (string | undefined)[] = [];
    const note = (): void => void seen.push(context.getStore());
    const job: Job = { run: async () => note(), isTemporary: () => true, givenUp: note };
    const failing: Job = { ...job, run: () => Promise.reject(new Error('refused')) };
    context.run('one', () => queue.add(job));
    context.run('two', () => queue.add(failing));
    context.run('three', () => queue.add(job));
    await sleep(60);
    expect(seen.toSorted()).toEqual(['one', 'three', 'two']);
  });
});
