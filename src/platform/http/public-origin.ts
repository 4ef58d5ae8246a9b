import { isIPv6 } from 'node:net';
import type { HttpConfig } from './http.config.js';

/** Wildcard addresses; on the same machine the server is then reached at localhost. */
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/**
 * The URL at which people reach the product, including the path of PUBLIC_URL, without a trailing slash. Based on the
 * configuration alone, since the client chooses the Host header of a request.
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

/** The path of PUBLIC_URL, without a trailing slash: `/backend`, or empty. */
export function basePathOf({ publicUrl }: { readonly publicUrl?: string | undefined }): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}
