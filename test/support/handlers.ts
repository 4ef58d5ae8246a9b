import type { INestApplication } from '@nestjs/common';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';
import { handlersOf as declaredHandlersOf } from '../../src/platform/http/handlers.js';
import type { Access } from '../../src/platform/access/access.js';

/** A method of a controller that answers a route. */
export interface Handler {
  /** `ProjectsController.create` */
  readonly name: string;
  readonly access: Access | undefined;
  /** The class declares route configuration of its own, which a handler's would silently override. */
  readonly hasClassConfig: boolean;
  /** Types of its @Body, @Query and @Param parameters. */
  readonly inputs: readonly unknown[];
}

const INPUTS: ReadonlySet<RouteParamtypes> = new Set([
  RouteParamtypes.BODY,
  RouteParamtypes.QUERY,
  RouteParamtypes.PARAM,
]);

/** Every handler of every controller in the application. */
export function handlersOf(app: INestApplication): Handler[] {
  return declaredHandlersOf(app).map(({ title, prototype, method, parameters }) => {
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, method) as
      | FastifyContextConfig
      | undefined;
    return {
      name: title,
      access: config?.access,
      hasClassConfig: Reflect.hasMetadata(FASTIFY_ROUTE_CONFIG_METADATA, prototype.constructor),
      inputs: parameters.filter(({ kind }) => INPUTS.has(kind)).map(({ type }) => type),
    };
  });
}
