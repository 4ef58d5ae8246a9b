import { Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { Injectable } from '@nestjs/common';

const TIMEOUT_MS = 2_000;

/**
 * Finds the addresses of names in DNS. Not as `dns.lookup` does: that holds one of few threads, which passwords are hashed on, too,
 * until a name server of somebody's choice answers, and knows names of the machine's own network.
 */
@Injectable()
export class Names {
  /** Every address of a host; none when it is unknown or DNS does not answer. */
  async addressesOf(host: string): Promise<readonly LookupAddress[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
  }
}
