import { describe, expect, it } from '@jest/globals';
import fastify from 'fastify';
import { installClientAddress } from '../http/client-address.js';
import { installRateLimit } from './rate-limit.js';

describe('the counters', () => {
  it('are kept for 10,000 clients, of which the first is forgotten first', async () => {
    const server = fastify();
    server.setErrorHandler((_error, _request, reply) => reply.code(429).send());
    installClientAddress(server);
    installRateLimit(server, 1);
    server.get('/', () => 'answer');
    const statusFor = async (remoteAddress: string) =>
      (await server.inject({ url: '/', remoteAddress })).statusCode;
    const address = (n: number) => `10.0.${Math.floor(n / 256)}.${n % 256}`;
    for (let n = 0; n < 10_000; n++) expect(await statusFor(address(n))).toBe(200);
    expect([await statusFor(address(0)), await statusFor(address(9_999))]).toEqual([429, 429]);
    expect(await statusFor(address(10_000))).toBe(200);
    expect([await statusFor(address(1)), await statusFor(address(0))]).toEqual([429, 200]);
    await server.close();
  });
});
