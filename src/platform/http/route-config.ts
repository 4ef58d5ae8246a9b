import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';

/**
 * Adds to what Fastify knows of a route (`request.routeOptions.config`); several decorators on one
 * handler add up. The types of the entries stand beside the decorators that set them.
 */
export function routeConfig(entries: Partial<FastifyContextConfig>): MethodDecorator {
  return (target, property, descriptor) => {
    const handler = descriptor.value as object;
    const known = (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) ?? {}) as object;
    return RouteConfig({ ...known, ...entries })(target, property, descriptor);
  };
}
