import { isIPv6 } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { apiError } from '../errors/errors.js';
import { routeConfig } from '../routing/route-config.js';

/** Exempts a route from the rate limit: probes and scrapers ask often and from one address. */
export function Unlimited(): MethodDecorator {
  return routeConfig({ rateLimit: false });
}

/** The number of a group of an IPv6 address, or both of the groups that are written as an IPv4 address. */
function numbersOf(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  const [head = [], tail] = plain
    .split('::')
    .map((part) => part.split(':').filter(Boolean).flatMap(numbersOf));
  if (!tail) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/**
 * Whom requests are counted for. A household or a server has a whole /64 of IPv6 addresses,
 * so counting single ones would be no limit. An IPv4 address inside IPv6 is that IPv4 address.
 */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Counts requests per minute and client; the counters of the 10,000 latest clients are kept. */
export async function installRateLimit(fastify: FastifyInstance, max: number): Promise<void> {
  await fastify.register(rateLimit, {
    global: true,
    max,
    timeWindow: 60_000,
    cache: 10_000,
    keyGenerator: (request) => clientKey(request.ip),
    errorResponseBuilder: () => apiError('RATE_LIMITED'),
  });
}
