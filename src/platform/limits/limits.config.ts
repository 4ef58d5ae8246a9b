import { Env } from '../config/env.js';
import { integer } from '../config/kinds.js';

/** How often requests may be sent. */
export class LimitsConfig {
  /** Requests per minute and address (IPv6: per /64 network; NAT64: the address within). */
  @Env('RATE_LIMIT_MAX', integer(1, 1_000_000_000), { default: 300 })
  readonly rateLimitMax!: number;
}
