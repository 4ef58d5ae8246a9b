import { BlockList, isIP, isIPv6 } from 'node:net';

function blockList(version: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), version);
  }
  return list;
}

/** IPv4 networks that are not the public internet: IANA's special-purpose registry, and one cloud metadata address. */
const SPECIAL_IPV4 = blockList('ipv4', [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; metadata of Alibaba Cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's host, reachable from virtual machines only
  '169.254.0.0/16', // link-local; metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; metadata of Oracle Cloud
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // multicast tunnels
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]);

/**
 * The IPv6 space allocated to the public internet. This excludes loopback, link-local, unique local (metadata of
 * AWS), multicast, NAT64, and IPv4 addresses written as IPv6.
 */
const GLOBAL_IPV6 = blockList('ipv6', ['2000::/3']);

const SPECIAL_IPV6 = blockList('ipv6', [
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which holds an IPv4 address
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]);

/** Whether a text is an IP address of the public internet. */
export function isPublic(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !SPECIAL_IPV4.check(address, 'ipv4');
  return GLOBAL_IPV6.check(address, 'ipv6') && !SPECIAL_IPV6.check(address, 'ipv6');
}

/** A network that an operator allows, at one port or at all ports. */
export interface AllowedNetwork {
  readonly addresses: BlockList;
  readonly port?: number;
}

const NETWORK = /^(?:\[([\da-f:.]+(?:\/\d{1,3})?)\]|([\d.]+(?:\/\d{1,2})?))(?::(\d{1,5}))?$/i;
const BARE_IPV6 = /^[\da-f]*:[\da-f:.]+(?:\/\d{1,3})?$/i;

/** `10.0.0.0/8`, `127.0.0.1:8443`, `fd00::/8`, `[fd00::1]:8443`; undefined for anything else, and for a network of all addresses. */
export function parseNetwork(text: string): AllowedNetwork | undefined {
  const [, bracketed, plain, port] = NETWORK.exec(text) ?? [];
  const [address = '', bits] = (bracketed ?? plain ?? (BARE_IPV6.test(text) ? text : '')).split('/');
  const version = isIP(address);
  const isBracketed = bracketed !== undefined;
  if (version === 0 || (isBracketed && version !== 6)) return undefined;
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (prefix < 1 || prefix > most) return undefined;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
  const addresses = blockList(version === 4 ? 'ipv4' : 'ipv6', [`${address}/${prefix}`]);
  return { addresses, ...(port !== undefined && { port: Number(port) }) };
}

/** Whether an operator allows an IP address at a port. */
export function isAllowed(networks: readonly AllowedNetwork[], address: string, port: number): boolean {
  const version = isIPv6(address) ? 'ipv6' : 'ipv4';
  return networks.some(
    (network) =>
      (network.port === undefined || network.port === port) && network.addresses.check(address, version),
  );
}
