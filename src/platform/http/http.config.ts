import { Env } from '../config/env.js';
import { bytes, host, integer, origins, proxies, site } from '../config/kinds.js';

/** How the server is reached, and what it accepts. */
export class HttpConfig {
  /** TCP port of the HTTP server; 0 picks a free one and prints it. */
  @Env('PORT', integer(0, 65535), { default: 3002 })
  readonly port!: number;

  /** Address to listen on. Change it when a container or another machine must reach a development server. */
  @Env('HOST', host(), { default: '127.0.0.1', productionDefault: '0.0.0.0' })
  readonly host!: string;

  /** Address under which people reach the product; it may have a path (`https://example.com/backend`), whether or not the proxy in front strips it. Links in mails start with it, never with the Host of a request. Unset outside production: HOST and PORT, and only requests to addresses of this machine are answered. */
  @Env('PUBLIC_URL', site())
  readonly publicUrl?: string;

  /** Largest request body, 1 KiB to 16 MiB. */
  @Env('BODY_LIMIT', bytes(1024, 16 * 1024 * 1024), { default: 1024 * 1024 })
  readonly bodyLimit!: number;

  /** Exact origins of other sites whose pages may call the API, separated by commas. Unset: none. */
  @Env('CORS_ORIGINS', origins(), { default: [] })
  readonly corsOrigins!: readonly string[];

  /** Proxies whose X-Forwarded-For is trusted: their networks as CIDRs, or their number; with a number, anyone who reaches the port directly is trusted, too. Ports in it are stripped. Unset: none. */
  @Env('TRUST_PROXY', proxies())
  readonly trustProxy?: number | readonly string[];
}
