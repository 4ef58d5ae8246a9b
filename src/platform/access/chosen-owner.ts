import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { apiError, invalid } from '../errors/errors.js';
import { routeConfig } from '../http/route-config.js';
import type { Caller } from './caller.js';
import { ORGANIZATION_NOT_FOUND, type OrganizationRole } from './memberships.js';

/** Chooses the organization that a request works in. */
export const ORGANIZATION_HEADER = 'X-Organization-Id';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler takes a scope, so the request may choose an organization. */
    takesScope?: boolean;
    /** The role that the route requires in an organization. */
    organizationRole?: OrganizationRole;
  }
}

/**
 * The role that a route requires in the organization of a request. By default reading requires a viewer and everything
 * else a member.
 */
export function OrganizationRequires(organizationRole: OrganizationRole): MethodDecorator {
  return routeConfig({ organizationRole });
}

/** Marks the handler of a parameter as taking a scope. */
export const notesScope: ParameterDecorator = (target, property) => {
  const handler = property === undefined ? undefined : Object.getOwnPropertyDescriptor(target, property);
  if (!handler || property === undefined) return;
  routeConfig({ takesScope: true })(target, property, handler);
  ApiExtension('x-organizational', true)(target, property, handler);
};

/**
 * The organization that a request works in: that of its API key, or the one that its header names. Most requests name
 * none and work on the caller's records.
 * @throws ApiError ORGANIZATION_NOT_FOUND, VALIDATION_ERROR if the request also asks for other owners' records
 */
export function organizationOf(
  request: FastifyRequest,
  { apiKey, organization }: Caller,
  asksForOthers: boolean,
): string | undefined {
  const named = request.headers['x-organization-id'];
  if (named === undefined && organization === undefined) return undefined;
  const chosen = typeof named === 'string' ? named.toLowerCase() : organization;
  // A key works only in the organization where it was created.
  const isElsewhere = apiKey !== undefined && chosen !== organization;
  if (chosen === undefined || isElsewhere || !/^[\da-f]{24}$/.test(chosen)) {
    throw apiError(ORGANIZATION_NOT_FOUND);
  }
  if (asksForOthers) {
    const message = `cannot be sent with ${ORGANIZATION_HEADER}, which names the owner already`;
    throw invalid([{ path: 'owner', message }]);
  }
  return chosen;
}

/** The lowest role that a request requires in its organization. */
export function roleFor({ method, routeOptions }: FastifyRequest): OrganizationRole {
  const isReading = method === 'GET' || method === 'HEAD';
  return routeOptions.config.organizationRole ?? (isReading ? 'viewer' : 'member');
}
