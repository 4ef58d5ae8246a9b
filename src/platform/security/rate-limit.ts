import { isIPv6 } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { apiError } from '../http/errors.js';
import { routeConfig } from '../http/route-config.js';

/** Exempts a route from the rate limit: probes and scrapers ask often and from one address. */
export function Unlimited(): MethodDecorator {
  return routeConfig({ rateLimit: false });
}

/**
 * Whom requests are counted for. A household or a server has a whole /64 of IPv6 addresses,
 * so counting single ones would be no limit.
 */
export function clientKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const end = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - end.length;
  const full = [...groups, ...Array.from({ length: zeros }, () => '0'), ...end];
  return `${full
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
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
