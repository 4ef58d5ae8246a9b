import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { type Detail, invalid } from '../errors/errors.js';
import { routeConfig } from '../routing/route-config.js';
import { isEnough, report, reportUnknown } from '../validation/faults.js';

/** Which parts of a request a handler has a DTO for. */
interface Takes {
  readonly query: boolean;
  readonly body: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    takes?: Takes;
  }
}

/** Notes which parts of a request a handler takes, so that the others are refused. */
export const noteInput: MethodDecorator = (target, property, descriptor) => {
  const parameters = Object.keys(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, property) ?? {}) as object,
  );
  const takes = (type: RouteParamtypes) => parameters.some((key) => key.startsWith(`${type}:`));
  const noted = { query: takes(RouteParamtypes.QUERY), body: takes(RouteParamtypes.BODY) };
  return routeConfig({ takes: noted })(target, property, descriptor);
};

function unknownFields(input: unknown, faults: Detail[]): void {
  if (input === undefined || input === null) return;
  if (typeof input !== 'object' || Array.isArray(input)) {
    report(faults, '', 'must be empty');
    return;
  }
  for (const name in input) {
    if (isEnough(faults)) return;
    reportUnknown(faults, '', name);
  }
}

/** Refuses fields in the query or the body of a route that takes none, as DTOs do where one is taken. */
export function installUnknownInput(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const takes = route.config?.takes;
    if (!takes || (takes.query && takes.body)) return;
    const refuse = ({ query, body }: FastifyRequest, _: unknown, done: (error?: Error) => void): void => {
      const faults: Detail[] = [];
      if (!takes.query) unknownFields(query, faults);
      if (!takes.body) unknownFields(body, faults);
      done(faults.length > 0 ? invalid(faults) : undefined);
    };
    route.preValidation = [route.preValidation ?? [], refuse].flat();
  });
}
