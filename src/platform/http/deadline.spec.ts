import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { installDeadline } from './deadline.js';

describe('the deadline', () => {
  let server: FastifyInstance;

  beforeAll(async () => {
    server = fastify();
    installDeadline(server);
    server.get('/now', () => 'now');
    server.get('/never', () => new Promise(() => undefined));
    server.get('/soon', () => new Promise((resolve) => setTimeout(() => resolve('soon'), 1000)));
    await server.ready();
  });
  afterAll(() => server.close());

  it('answers 503 for those that wait too long, and for no others', async () => {
    const started = performance.now();
    const urls = ['/never', '/now', '/soon', '/never', '/now', '/soon', '/never', '/now'];
    const answers = await Promise.all(
      urls.map(async (url) => {
        const { statusCode } = await server.inject(url);
        return { url, statusCode, ms: performance.now() - started };
      }),
    );
    for (const { url, statusCode, ms } of answers) {
      expect(`${url} ${statusCode}`).toBe(`${url} ${url === '/never' ? 503 : 200}`);
      if (url === '/never') expect(ms).toBeGreaterThanOrEqual(2_400);
    }
    // After them all, the next one has a time of its own.
    expect((await server.inject('/soon')).statusCode).toBe(200);
  });
});
