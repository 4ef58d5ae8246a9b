import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import fastify from 'fastify';
import { compress } from './compression.js';

it('leaves alone what was answered while it was being compressed', async () => {
  const app = fastify();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  app.addHook('onSend', compress);
  const encodings: unknown[] = [];
  app.get('/', (_, reply) => {
    void reply.send('x'.repeat(500_000));
    // As what ends late requests does.
    encodings.push(reply.getHeader('content-encoding'));
    reply.raw.writeHead(503).end('late');
  });
  const answer = await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } });
  await sleep(200);
  process.off('unhandledRejection', note);
  expect([answer.statusCode, answer.body, encodings, unhandled]).toEqual([503, 'late', [undefined], []]);
  await app.close();
});
