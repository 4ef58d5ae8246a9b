import { describe, expect, it } from '@jest/globals';
import { isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import fastify from 'fastify';
import { clientKey, installRateLimit } from './rate-limit.js';

describe('whom requests are counted for', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:255.255.255.255', '255.255.255.255'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::192.0.2.1', '0:0:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0000:0000:ffff::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3:4:5::', '2001:db8:1:2::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::1%25', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
  ])('is for %s %s', (address, key) => {
    expect(clientKey(address)).toBe(key);
  });

  const group = fc.oneof(fc.constantFrom(0, 0, 1, 0xffff), fc.nat(0xffff));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });

  /** The ways to write eight groups, of which `style` chooses one. */
  function written(
    numbers: readonly number[],
    style: { wide: boolean; upper: boolean; ends: boolean },
  ): string {
    const words = numbers.map((number) => number.toString(16).padStart(style.wide ? 4 : 1, '0'));
    const [from, to] = style.ends ? [4, 8] : [1, 4];
    const isEmpty = numbers.slice(from, to).every((number) => number === 0);
    const text = isEmpty
      ? `${words.slice(0, from).join(':')}::${words.slice(to).join(':')}`
      : words.join(':');
    return style.upper ? text.toUpperCase() : text;
  }
  const style = fc.record({ wide: fc.boolean(), upper: fc.boolean(), ends: fc.boolean() });
  const isMapped = (numbers: readonly number[]) => numbers.slice(0, 6).join() === '0,0,0,0,0,65535';

  it('is the same for two addresses when they share a /64, however they are written', () => {
    fc.assert(
      fc.property(groups, groups, fc.boolean(), style, style, (one, other, neighbours, first, second) => {
        const two = neighbours ? [...one.slice(0, 4), ...other.slice(4)] : other;
        fc.pre(!isMapped(one) && !isMapped(two));
        const [a, b] = [written(one, first), written(two, second)];
        expect([isIPv6(a), isIPv6(b)]).toEqual([true, true]);
        const isSame = one.slice(0, 4).join() === two.slice(0, 4).join();
        expect(clientKey(a) === clientKey(b)).toBe(isSame);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is another for each IPv4 address, and the same inside IPv6', () => {
    const address = fc.ipV4();
    fc.assert(
      fc.property(address, address, (one, other) => {
        expect(clientKey(`::ffff:${one}`)).toBe(one);
        expect(clientKey(`::ffff:${one}`) === clientKey(other)).toBe(one === other);
      }),
    );
  });
});

describe('the counters', () => {
  it('are kept for 10,000 clients, of which the first is forgotten first', async () => {
    const server = fastify();
    server.setErrorHandler((_error, _request, reply) => reply.code(429).send());
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
