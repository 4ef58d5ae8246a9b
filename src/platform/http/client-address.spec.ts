import { describe, expect, it } from '@jest/globals';
import { isIP, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import fastify from 'fastify';
import { installClientAddress, networkOf, parseAddress } from './client-address.js';

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
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['64:FF9B:0:0::C000:201', '192.0.2.1'],
    ['64:ff9b:1::192.0.2.1', '64:ff9b:1:0::/64'],
    ['64:ff9b::1:192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::1%25', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
  ])('is for %s %s', (address, key) => {
    expect(networkOf(address)).toBe(key);
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
  const holdsIpv4 = (numbers: readonly number[]) =>
    ['0,0,0,0,0,65535', '100,65435,0,0,0,0'].includes(numbers.slice(0, 6).join());

  it('is the same for two addresses when they share a /64, however they are written', () => {
    fc.assert(
      fc.property(groups, groups, fc.boolean(), style, style, (one, other, neighbours, first, second) => {
        const two = neighbours ? [...one.slice(0, 4), ...other.slice(4)] : other;
        fc.pre(!holdsIpv4(one) && !holdsIpv4(two));
        const [a, b] = [written(one, first), written(two, second)];
        expect([isIPv6(a), isIPv6(b)]).toEqual([true, true]);
        const isSame = one.slice(0, 4).join() === two.slice(0, 4).join();
        expect(networkOf(a) === networkOf(b)).toBe(isSame);
      }),
      { numRuns: 5_000 },
    );
  });

  it('may be a wider network', () => {
    expect(networkOf('2001:db8:1:2::1', 48)).toBe('2001:db8:1::/48');
    expect(networkOf('64:ff9b::c000:201', 48)).toBe('192.0.2.1');
    expect(networkOf('192.0.2.1', 48)).toBe('192.0.2.1');
  });

  it('is another for each IPv4 address, and the same inside IPv6', () => {
    const address = fc.ipV4();
    fc.assert(
      fc.property(address, address, (one, other) => {
        expect(networkOf(`::ffff:${one}`)).toBe(one);
        expect(networkOf(`::ffff:${one}`) === networkOf(other)).toBe(one === other);
      }),
    );
  });
});

describe('an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7\t', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['203.0.113.7:0', '203.0.113.7'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:DB8:0:0::1]', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['fe80::1%25en0', 'fe80::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:CB00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
    ['::ffff:203.0.113.7:4711', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
  ])('%j is %s', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    'example.com:80',
    '203.0.113',
    '203.0.113.7.1',
    '203.0.113.256',
    '203.0.113.7:port',
    '203.0.113.7:123456',
    '010.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '[2001:db8::1',
    '[203.0.113.7',
    '2001:db8::1::2',
    '2001:db8::12345',
    '%eth0',
    '1'.repeat(100_000),
    `203.0.113.7:${'1'.repeat(100_000)}`,
    '[1]'.repeat(30_000),
    '1.1'.repeat(30_000),
  ])('%.40j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('is found whatever a proxy says', async () => {
    const words = fc.array(
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('unknown', '203.0.113.7:4711', '[::1]:1')),
    );
    for (const trusted of [1, 3, ['10.0.0.0/8', '::1/128']]) {
      const server = fastify();
      installClientAddress(server, trusted);
      server.get('/', ({ clientAddress }) => clientAddress);
      await fc.assert(
        fc.asyncProperty(words, async (hops) => {
          const headers = { 'x-forwarded-for': hops.join(', ').replaceAll(/[^\x20-\x7e]/g, '') };
          const { payload } = await server.inject({ url: '/', remoteAddress: '10.0.0.1', headers });
          expect([isIP(payload) === 0, payload]).toEqual([false, parseAddress(payload)]);
        }),
        { numRuns: 200 },
      );
      await server.close();
    }
  });
});
