import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Caller } from '../access/caller.js';
import { installDeadline } from '../http/deadline.js';
import { FairShares, installFairShares, SHARE } from './fair-shares.js';

describe('fair shares', () => {
  let fastify: FastifyInstance;
  /** The requests that are being handled, by their caller: each ends when the test says so. */
  let handled: { readonly caller: string; readonly end: () => void }[];

  beforeEach(() => start(300));
  afterEach(() => stop());

  async function start(timeoutMs: number): Promise<void> {
    // What a test leaves waiting is not of the next one.
    const own: typeof handled = [];
    handled = own;
    fastify = Fastify();
    fastify.decorateRequest('caller', undefined);
    fastify.addHook('onRequest', async (request) => {
      const { as } = request.query as { as?: string };
      if (as !== undefined) request.caller = { id: as } as Caller;
    });
    // In the order of the product.
    installFairShares(fastify, new FairShares(timeoutMs));
    installDeadline(fastify, { databaseAnswers: async () => true, shutdownGraceMs: 1_000 });
    const handle = ({ caller }: { caller?: Caller }) =>
      new Promise<string>((resolve) => {
        const one = { caller: caller?.id ?? '', end: () => resolve('done') };
        own.push(one);
      });
    fastify.get('/', handle);
    fastify.post('/', handle);
    fastify.get('/events', { config: { isEvents: true } }, handle);
    fastify.get('/upload', { config: { streamsBody: true } }, handle);
    await fastify.ready();
  }

  async function stop(): Promise<void> {
    for (const { end } of handled) end();
    await fastify.close();
  }

  const send = (as: string, count = 1, path = '/') =>
    Array.from({ length: count }, () =>
      // Sent now, not when it is awaited.
      fastify.inject(`${path}${as === '' ? '' : `?as=${as}`}`).then((answer) => answer),
    );
  const settled = () => sleep(20);
  const handledOf = (caller: string) => handled.filter((each) => each.caller === caller);

  it('handle all at once of a caller who is alone, and of nobody known', async () => {
    const sent = [...send('ada', 50), ...send('', 50)];
    await settled();
    expect(handled).toHaveLength(100);
    for (const { end } of handled) end();
    expect((await Promise.all(sent)).every(({ statusCode }) => statusCode === 200)).toBe(true);
  });

  it('handle a few at once of a caller who is not, and the rest in turn', async () => {
    const sent = [...send('quiet'), ...send('greedy', 3 * SHARE), ...send('quiet', 2)];
    await settled();
    expect(handledOf('greedy')).toHaveLength(SHARE);
    expect(handledOf('quiet')).toHaveLength(3);
    for (let turn = 2; turn <= 3; turn++) {
      for (const { end } of handled) end();
      await settled();
      expect(handledOf('greedy')).toHaveLength(turn * SHARE);
    }
    for (const { end } of handled) end();
    expect((await Promise.all(sent)).every(({ statusCode }) => statusCode === 200)).toBe(true);
  });

  it('handle one at a time, with rests in between, of a caller that keeps some waiting', async () => {
    await stop();
    await start(5_000);
    const sent = [...send('quiet'), ...send('greedy', 3 * SHARE)];
    for (let time = 0; time < 6; time++) {
      await sleep(100);
      sent.push(...send('quiet'));
    }
    for (const { end } of handledOf('greedy')) end();
    for (let turn = 1; turn <= 3; turn++) {
      const from = performance.now();
      while (handledOf('greedy').length < SHARE + turn) await sleep(5);
      expect(performance.now() - from).toBeGreaterThan(50);
      await settled();
      expect(handledOf('greedy')).toHaveLength(SHARE + turn);
      await sleep(30);
      handledOf('greedy').at(-1)?.end();
    }
    while (fastify.underWay.count > 0) {
      for (const { end } of handled) end();
      await settled();
    }
    expect((await Promise.all(sent)).every(({ statusCode }) => statusCode === 200)).toBe(true);
  });

  it('let ten uploads of a caller begin at once, and the others one after another', async () => {
    const sent = [...send('quiet'), ...send('greedy', 20, '/upload'), ...send('greedy')];
    await settled();
    const atOnce = handledOf('greedy').length;
    expect(atOnce).toBeGreaterThanOrEqual(11);
    expect(atOnce).toBeLessThan(16);
    await sleep(400);
    expect(handledOf('greedy')).toHaveLength(21);
    for (const { end } of handled) end();
    expect((await Promise.all(sent)).every(({ statusCode }) => statusCode === 200)).toBe(true);
  });

  it('refuse uploads that would wait for more than five seconds', async () => {
    const sent = [...send('quiet'), ...send('greedy', 200, '/upload')];
    const last = await sent.at(-1);
    expect(last).toMatchObject({ statusCode: 503, body: expect.stringContaining('OVERLOADED') });
    expect(handledOf('greedy').length).toBeLessThan(60);
  });

  it('refuse those that would wait for too long, or are too many', async () => {
    const sent = [...send('quiet'), ...send('greedy', SHARE + 101)];
    const last = await sent.at(-1);
    expect(last).toMatchObject({ statusCode: 503, body: expect.stringContaining('OVERLOADED') });
    await settled();
    expect(handledOf('greedy')).toHaveLength(SHARE);
    const [, ...waited] = await Promise.all(sent.slice(SHARE).slice(0, 5));
    expect(waited.every(({ body }) => body.includes('OVERLOADED'))).toBe(true);
    for (const { end } of handled) end();
    const after = [...send('quiet'), ...send('greedy')];
    await settled();
    for (const { end } of handled) end();
    expect((await Promise.all(after)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  });

  it('count as load what is handled, once, and nothing that waits', async () => {
    const post = () => fastify.inject({ method: 'POST', url: '/?as=greedy', payload: { name: 'x' } });
    const sent = [...send('quiet'), ...Array.from({ length: 2 * SHARE }, () => post().then((each) => each))];
    await settled();
    expect(fastify.underWay.busy).toBe(1 + SHARE);
    for (const { end } of handled.splice(0)) end();
    await settled();
    expect(fastify.underWay.busy).toBe(SHARE);
    for (const { end } of handled) end();
    await Promise.all(sent);
    expect(fastify.underWay.busy).toBe(0);
  });

  it('do not count streams of events', async () => {
    const sent = [...send('quiet'), ...send('greedy', 2 * SHARE, '/events'), ...send('greedy')];
    await settled();
    expect(handledOf('greedy')).toHaveLength(2 * SHARE + 1);
    for (const { end } of handled) end();
    await Promise.all(sent);
  });

  it('give back the share of clients that have gone, before their turn and in it', async () => {
    const url = new URL(await fastify.listen({ host: '127.0.0.1', port: 0 }));
    const [quiet] = send('quiet');
    const gone = Array.from({ length: 3 * SHARE }, () => new AbortController());
    const sent = gone.map(({ signal }) => fetch(`${url}?as=greedy`, { signal }).catch(() => undefined));
    while (handledOf('greedy').length < SHARE) await settled();
    for (const each of gone) each.abort();
    await Promise.all(sent);
    // Until all have been noticed: what those do that were being handled takes its time, and gives nothing back.
    await sleep(300);
    expect(handledOf('greedy')).toHaveLength(SHARE);
    const again = [...send('quiet'), ...send('greedy', SHARE)];
    while (handledOf('greedy').length < 2 * SHARE) await settled();
    for (const { end } of handled) end();
    expect((await Promise.all([quiet, ...again])).every((answer) => answer?.statusCode === 200)).toBe(true);
  });
});
