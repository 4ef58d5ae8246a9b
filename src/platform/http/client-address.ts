import { BlockList, isIP, isIPv6, type Socket, SocketAddress } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpConfig } from './http.config.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's IP address as reported by trusted proxies; `''` if the connection was closed before it was read. */
    readonly clientAddress: string;
    knownAddress: string | undefined;
  }
  interface FastifyInstance {
    /** The same, for a request that failed before its properties were set. */
    addressOf: (request: FastifyRequest) => string;
  }
}

/** `203.0.113.7:4711`, also within IPv6; `[2001:db8::1]` and `[2001:db8::1]:4711`. Some proxies append the port. */
const WITH_PORT = /^(?:(.*\d\.\d+)|\[([^\]]*)\])(?::\d{1,5})?$/;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * The canonical form of an address: IPv6 compressed and in lower case, without a zone; an IPv4 address inside IPv6 as
 * that IPv4 address. Ports and brackets are stripped. Undefined if it is not an address.
 */
export function parseAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (isIP(trimmed) === 4) return trimmed;
  const [, plain, bracketed] = WITH_PORT.exec(trimmed) ?? [];
  const [address = ''] = (plain ?? bracketed ?? trimmed).split('%', 1);
  if (isIP(address) !== 6) return isIP(address) === 4 ? address : undefined;
  const { address: short } = new SocketAddress({ address, family: 'ipv6' });
  return MAPPED.exec(short)?.[1] ?? short;
}

/** The eight groups of an IPv6 address as `SocketAddress` writes it. */
function groupsOf(address: string): number[] {
  const numbersOf = (group: string): number[] => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  };
  const [head = [], tail] = address
    .split('::')
    .map((part) => part.split(':').filter(Boolean).flatMap(numbersOf));
  if (!tail) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/**
 * The network that counts as one client in every limit: `203.0.113.7`, `2001:db8:1:2::/64`. A household or a server has
 * a whole /64 of IPv6 addresses, many providers give a /48, so counting single ones would be no limit. Behind NAT64
 * (64:ff9b::/96) it is the IPv4 address within.
 */
export function networkOf(address: string, prefix: 64 | 48 = 64): string {
  if (!address.includes(':')) return address;
  const parsed = parseAddress(address);
  if (parsed === undefined || !isIPv6(parsed)) return parsed ?? address;
  const groups = groupsOf(parsed);
  const [high = 0, low = 0] = groups.slice(6);
  const isTranslated = groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((g) => g === 0);
  if (isTranslated) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const network = groups.slice(0, prefix / 16).map((group) => group.toString(16));
  return `${network.join(':')}::/${prefix}`;
}

/** Whether the proxy at `address`, this many hops away, is trusted to report the hop before it. */
type Trust = (address: string, hop: number) => boolean;

/** TRUST_PROXY as a predicate: a number of hops, networks, or none. */
export function trustOf(trusted: HttpConfig['trustProxy']): Trust | undefined {
  if (trusted === undefined) return undefined;
  if (typeof trusted === 'number') return (_, hop) => hop < trusted;
  const networks = new BlockList();
  for (const network of trusted) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    networks.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  };
}

/** The address at the other end of a connection, a client or a proxy; `''` if the connection is closed. */
export function peerOf(socket: Socket): string {
  return parseAddress(socket.remoteAddress ?? '') ?? '';
}

/** Walks from the socket towards the client while the proxies are trusted and report valid addresses. */
function addressOf({ raw }: FastifyRequest, trust: Trust | undefined): string {
  let address = peerOf(raw.socket);
  const header = raw.headers['x-forwarded-for'];
  if (!trust || header === undefined || !address) return address;
  const hops = String(header).split(',');
  for (let hop = 0; hops.length > 0 && trust(address, hop); hop++) {
    const next = parseAddress(hops.pop() ?? '');
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/**
 * Gives every request its `clientAddress`: for logs, sessions and limits alike. Fastify's `ip` accepts any text from a
 * trusted proxy as an address, with or without a port, so it must not be used.
 */
export function installClientAddress(fastify: FastifyInstance, trusted?: HttpConfig['trustProxy']): void {
  const trust = trustOf(trusted);
  fastify.decorate('addressOf', (request: FastifyRequest) => addressOf(request, trust));
  fastify.decorateRequest('knownAddress', undefined);
  fastify.decorateRequest('clientAddress', {
    getter(this: FastifyRequest) {
      return (this.knownAddress ??= addressOf(this, trust));
    },
  });
}
