import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';

/**
 * Adds entries to a route's config in Fastify (`request.routeOptions.config`); those of several decorators are merged.
 * Their types are declared next to the decorators that set them.
 */
export function routeConfig(entries: Partial<FastifyContextConfig>): MethodDecorator {
  return (target, property, descriptor) => {
    const handler = descriptor.value as object;
    const known = (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) ?? {}) as object;
    return RouteConfig({ ...known, ...entries })(target, property, descriptor);
  };
}
