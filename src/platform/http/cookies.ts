import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface CookieOptions {
  /** Requests to this path and below carry it. */
  readonly path: string;
  /** Seconds until the browser forgets it; 0 forgets it at once. */
  readonly maxAge: number;
  /** Sent over HTTPS only. */
  readonly secure: boolean;
  /**
   * `Strict` by default: not sent with requests that another site causes. `Lax`: sent only when another site navigates
   * the browser here.
   */
  readonly sameSite?: 'Lax' | 'Strict';
}

/** The cookies of a request and its response. Values consist of base64url characters and dots. */
export class Cookies {
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  /** Whether the calling page was loaded over HTTPS, according to its browser. */
  get isSecure(): boolean {
    return this.request.headers.origin?.startsWith('https:') === true;
  }

  get(name: string): string | undefined {
    const pairs = (this.request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  set(name: string, value: string, { path, maxAge, secure, sameSite = 'Strict' }: CookieOptions): void {
    // Not readable by scripts.
    const always = `HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
    const attributes = `Path=${path}; Max-Age=${maxAge}; ${always}`;
    void this.reply.header('set-cookie', `${name}=${value}; ${attributes}`);
  }
}

/**
 * The cookies of the request and its response, as a parameter of a handler. Of the API's routes, only those for signing
 * in with a provider use them.
 */
export const CurrentCookies = createParamDecorator((_: unknown, context: ExecutionContext): Cookies => {
  const http = context.switchToHttp();
  return new Cookies(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});
