import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Cuts the path of PUBLIC_URL from an address, for a proxy that leaves it there. Only where the product has something
 * below it: a proxy may have cut it already, and `/api` may be a path of both.
 * @param base path of PUBLIC_URL, without a slash at the end
 * @param roots first segments of the product's own addresses
 */
export function pathCutter(base: string, roots: ReadonlySet<string>) {
  return ({ url = '/' }: Pick<IncomingMessage, 'url'>): string => {
    if (!url.startsWith(base)) return url;
    const rest = url.slice(base.length);
    if (rest === '' || rest.startsWith('?')) return `/${rest}`;
    const [, root = ''] = rest.split(/[/?#]/, 2);
    return rest.startsWith('/') && roots.has(root) ? rest : url;
  };
}

/** Where a page of the product is, as seen from the bare address: relative where the path in front is not known. */
export function addressBelow(base: string, page: string): string {
  return base ? `${base}/${page}` : page;
}

/** Leads from `/docs/` to `/docs`, as seen by the client, whatever stands in front of it. */
export function redirectSlash(fastify: FastifyInstance, base: string, path: string): void {
  fastify.get(`${path}/`, { config: { access: { kind: 'public' } } }, ({ url }, reply) => {
    const [, asked = '', query = ''] = /^([^?]*)\/(\?.*)?$/.exec(url) ?? [];
    const target = base ? `${base}${asked}` : `..${asked.slice(asked.lastIndexOf('/'))}`;
    return reply.redirect(`${target}${query}`, 308);
  });
}
