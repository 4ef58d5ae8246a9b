import { METHOD_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import type { ModulesContainer } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';
import type { Access } from '../../src/platform/security/access.js';

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

const INPUTS: ReadonlySet<number> = new Set([
  RouteParamtypes.BODY,
  RouteParamtypes.QUERY,
  RouteParamtypes.PARAM,
]);

/** Every handler of every controller in the application. */
export function handlersOf(modules: ModulesContainer): Handler[] {
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const type = metatype as new (...args: never[]) => object;
    const prototype = type.prototype as Record<string, object>;
    return Object.getOwnPropertyNames(prototype)
      .filter((property) => Reflect.hasMetadata(METHOD_METADATA, prototype[property] ?? {}))
      .map((property) => describeHandler(type, property));
  });
}

function describeHandler(type: new (...args: never[]) => object, property: string): Handler {
  const prototype = type.prototype as Record<string, object>;
  const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, prototype[property] ?? {}) as
    FastifyContextConfig | undefined;
  const types = (Reflect.getMetadata('design:paramtypes', prototype, property) ?? []) as unknown[];
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, property) ?? {}) as Record<
    string,
    { index: number }
  >;
  return {
    name: `${type.name}.${property}`,
    access: config?.access,
    hasClassConfig: Reflect.hasMetadata(FASTIFY_ROUTE_CONFIG_METADATA, type),
    inputs: Object.entries(args)
      .filter(([key]) => INPUTS.has(Number(key.split(':')[0])))
      .map(([, { index }]) => types[index]),
  };
}
