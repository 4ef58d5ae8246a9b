import { Env } from '../config/env.js';
import { kind } from '../config/kinds.js';
import { type AllowedNetwork, parseNetwork } from './addresses.js';

const networks = kind(
  'networks or addresses, each with a port or without, separated by commas: 10.0.0.0/8, 127.0.0.1:8443, [fd00::1]:8443',
  (text) => {
    const list = text.split(',').map((each) => parseNetwork(each.trim()));
    return list.every((network) => network !== undefined) ? list : undefined;
  },
);

/** Where requests to addresses that users choose may go. */
export class OutboundConfig {
  /** Networks besides the public internet that users may have requests sent to, such as those of webhooks: `10.0.0.0/8` at every port, `127.0.0.1:8443` at one, also by http. Unset: only https on port 443 of public addresses. */
  @Env('OUTBOUND_ALLOW', networks, { default: [] })
  readonly allowed!: readonly AllowedNetwork[];
}
