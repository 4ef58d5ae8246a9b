import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface CookieOptions {
  /** Requests to this path and below carry it. */
  readonly path: string;
  /** Seconds until the browser forgets it; 0 forgets it at once. */
  readonly maxAge: number;
  /** Sent over HTTPS only. */
  readonly secure: boolean;
  /** `Strict` unless told: no request that another site causes carries it. `Lax`: only when one leads the browser here. */
  readonly sameSite?: 'Lax' | 'Strict';
}

/** The cookies of a request, and of its answer. Values are what base64url, dots and underscores can say. */
export class Cookies {
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  /** Whether the page that asks was loaded over HTTPS, as its browser says. */
  get isSecure(): boolean {
    return this.request.headers.origin?.startsWith('https:') === true;
  }

  get(name: string): string | undefined {
    const pairs = (this.request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  set(name: string, value: string, { path, maxAge, secure, sameSite = 'Strict' }: CookieOptions): void {
    // No script reads it.
    const always = `HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
    const attributes = `Path=${path}; Max-Age=${maxAge}; ${always}`;
    void this.reply.header('set-cookie', `${name}=${value}; ${attributes}`);
  }
}

/** The cookies of the request and of its answer, as a parameter of a handler. Of the API's routes only those of sign-in with a provider ask for them. */
export const CurrentCookies = createParamDecorator((_: unknown, context: ExecutionContext): Cookies => {
  const http = context.switchToHttp();
  return new Cookies(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});
