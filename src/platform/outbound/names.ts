import { Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { Injectable } from '@nestjs/common';

const TIMEOUT_MS = 2_000;

/**
 * Resolves names in DNS. `dns.lookup` is not suitable: it occupies one of the few threads on which passwords are
 * hashed until a name server chosen by somebody else answers, and it resolves names of the machine's own network.
 */
@Injectable()
export class Names {
  /** All addresses of a host; none if it is unknown or DNS does not answer. */
  async addressesOf(host: string): Promise<readonly LookupAddress[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return [
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
  }
}
