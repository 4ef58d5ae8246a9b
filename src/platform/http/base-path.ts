import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/**
 * Strips the path of PUBLIC_URL from a URL, for proxies that do not. Only if the rest is an address of the product: the
 * proxy may have stripped it already, and the path of PUBLIC_URL may itself be `/api`.
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

/** The address of a page as seen from `/`: relative if the path in front is unknown. */
export function addressBelow(base: string, page: string): string {
  return base ? `${base}/${page}` : page;
}

/** Redirects from `/docs/` to `/docs` as the client sees it, whatever path a proxy adds. */
export function redirectSlash(fastify: FastifyInstance, base: string, path: string): void {
  fastify.get(`${path}/`, { config: { access: { kind: 'public' } } }, ({ url }, reply) => {
    const [, asked = '', query = ''] = /^([^?]*)\/(\?.*)?$/.exec(url) ?? [];
    const target = base ? `${base}${asked}` : `..${asked.slice(asked.lastIndexOf('/'))}`;
    return reply.redirect(`${target}${query}`, 308);
  });
}
