import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, REGISTER } from './support/users.js';

/** The statuses of so many requests, one after the other. */
async function statusesOf(client: TestClient, count: number, url = ME): Promise<number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent++) statuses.push((await client.get(url)).status);
  return statuses;
}

describe('the rate limit', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ RATE_LIMIT_MAX: '3' });
  });
  afterAll(() => test.close());

  const from = (address: string) => test.anonymous.from(address);

  it('answers 429 from the fourth request of a minute on, and when to try again', async () => {
    const client = from('192.0.2.1');
    expect(await statusesOf(client, 3)).toEqual([401, 401, 401]);
    const { outcome, headers } = await client.get(ME);
    expect(outcome).toBe('429 RATE_LIMITED');
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('counts all routes together', async () => {
    const client = from('192.0.2.2');
    await client.get(ME);
    await client.post(LOGIN, {});
    await client.post(REGISTER, {});
    expect((await client.get('/docs')).status).toBe(429);
  });

  it('counts each address by itself', async () => {
    await statusesOf(from('192.0.2.3'), 4);
    expect((await from('192.0.2.4').get(ME)).status).toBe(401);
  });

  it.each([
    ['an IPv6 network of 64 bits', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['a network, however it is written', '2001:db8:0:5::1', '2001:0db8:0000:0005:0000:0000:0000:0009'],
    ['a network with a zone', 'fe80::1%eth0', 'fe80::2'],
    ['an IPv4 address behind NAT64', '64:ff9b::198.51.100.17', '198.51.100.17'],
    ['an IPv4 address that came by IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
  ])('counts %s as one', async (_, first, second) => {
    expect(await statusesOf(from(first), 3)).toEqual([401, 401, 401]);
    expect((await from(second).get(ME)).status).toBe(429);
  });

  it.each([
    ['2001:db8:1:3::1', '2001:db8:1:4::1'],
    ['::ffff:198.51.100.8', '::ffff:198.51.100.9'],
    ['2001:db8:2::', '2001:db8:2:1::'],
    ['64:ff9b::198.51.100.18', '64:ff9b::198.51.100.19'],
  ])('tells %s from %s', async (first, second) => {
    await statusesOf(from(first), 4);
    expect((await from(second).get(ME)).status).toBe(401);
  });

  it.each(['/health', '/health/live', '/health/ready', '/metrics'])('leaves %s alone', async (url) => {
    const statuses = await statusesOf(from('127.0.0.1'), 10, url);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('is not escaped by headers', async () => {
    const client = from('192.0.2.5');
    for (let sent = 0; sent < 3; sent++) await client.get(ME);
    for (const headers of [
      { 'x-forwarded-for': '203.0.113.9' },
      { forwarded: 'for=203.0.113.9' },
      { 'x-real-ip': '203.0.113.9' },
      { authorization: 'Bearer x', 'x-request-id': 'other', 'user-agent': 'other' },
    ]) {
      expect((await client.get(ME, headers)).status).toBe(429);
    }
  });
});

describe('TRUST_PROXY', () => {
  const running: TestApp[] = [];
  afterAll(async () => {
    for (const test of running) await test.close();
  });

  /** The address that is logged, and counted, for a request through proxies. */
  async function seenAddress(trust: string | undefined, socket: string, forwarded: string): Promise<unknown> {
    const test = await createTestApp({ TRUST_PROXY: trust, RATE_LIMIT_MAX: '1' });
    running.push(test);
    const client = test.anonymous.from(socket);
    await client.get(ME, { 'x-forwarded-for': forwarded });
    const { address } = test.logs.find(({ event }) => event === 'request') ?? {};
    expect((await test.anonymous.from(String(address)).get(ME)).status).toBe(429);
    return address;
  }

  it.each([
    ['unset believes nobody', undefined, '10.0.0.1', '203.0.113.9', '10.0.0.1'],
    ['1 believes the proxy in front', '1', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['1 believes no further', '1', '10.0.0.1', '198.51.100.66, 203.0.113.9', '203.0.113.9'],
    ['2 believes two', '2', '10.0.0.1', '198.51.100.66, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['a network believes its members', '10.0.0.0/8', '10.0.0.1', '203.0.113.9, 10.1.1.1', '203.0.113.9'],
    ['a network believes no others', '10.0.0.0/8', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['a port is cut', '1', '10.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
    ['a port of IPv6 is cut', '1', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['a port of a proxy is cut', '10.0.0.0/8', '::ffff:10.0.0.1', '203.0.113.9:1, 10.1.1.1:2', '203.0.113.9'],
    ['what is no address ends the walk', '2', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['nor is anything stored that is none', '1', '10.0.0.1', 'x'.repeat(9_000), '10.0.0.1'],
  ])('%s', async (_, trust, socket, forwarded, seen) => {
    expect(await seenAddress(trust, socket, forwarded)).toBe(seen);
  });

  it.each([
    ['a number is warned about', '1', 1],
    ['networks are not', '10.0.0.0/8', 0],
  ])('%s', async (_, trust, lines) => {
    const test = await createTestApp({ TRUST_PROXY: trust });
    running.push(test);
    expect(test.logs.filter(({ msg }) => String(msg).includes('TRUST_PROXY'))).toHaveLength(lines);
  });
});
