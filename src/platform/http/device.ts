import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Longer ones are cut: no program needs as much to say what it is. */
const MAX_USER_AGENT = 300;

/** What a request tells of the program and the place that it comes from. */
export interface Device {
  readonly userAgent: string | null;
  /** IP address, as far as proxies are believed (`clientAddress`). */
  readonly address: string;
  /** Of a browser that the console has marked. */
  readonly id?: string;
}

export function deviceOf({ headers, clientAddress }: FastifyRequest): Device {
  return { userAgent: headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null, address: clientAddress };
}

/** Where the request comes from, as a parameter of a handler. */
export const CurrentDevice = createParamDecorator((_: unknown, context: ExecutionContext): Device =>
  deviceOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
