import { isIPv6 } from 'node:net';
import type { HttpConfig } from './http.config.js';

/** What listens everywhere is reached here on the same machine. */
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/**
 * Where people reach the product, the path of PUBLIC_URL included, without a slash at the end. Of the configuration alone: the Host header of a request
 * is chosen by the client.
 */
export function publicOriginOf({
  publicUrl,
  host,
  port,
}: Pick<HttpConfig, 'publicUrl' | 'host' | 'port'>): string {
  if (publicUrl !== undefined) return publicUrl;
  const reachable = EVERYWHERE.has(host) ? '127.0.0.1' : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

/** The path of PUBLIC_URL, below which everything is reached: `/backend`, or nothing. */
export function basePathOf({ publicUrl }: { readonly publicUrl?: string | undefined }): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}
