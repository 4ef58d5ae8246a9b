import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Longer ones are truncated: no program needs more to identify itself. */
const MAX_USER_AGENT = 300;

/** What a request says about its program and origin. */
export interface Device {
  readonly userAgent: string | null;
  /** IP address, as reported by trusted proxies (`clientAddress`). */
  readonly address: string;
  /** Id of a browser that the console has marked. */
  readonly id?: string;
  /** Awaits what takes up none of the server's time, such as a turn: the request counts as no load meanwhile. */
  readonly idle: <T>(wait: Promise<T>) => Promise<T>;
}

function deviceOf({ headers, clientAddress, server }: FastifyRequest, reply: FastifyReply): Device {
  return {
    userAgent: headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    address: clientAddress,
    idle: (wait) => server.underWay.idle(reply, wait),
  };
}

/** The device that the request comes from, as a parameter of a handler. */
export const CurrentDevice = createParamDecorator((_: unknown, context: ExecutionContext): Device => {
  const http = context.switchToHttp();
  return deviceOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});
