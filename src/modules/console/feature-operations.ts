import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common/enums/request-method.enum.js';
import type { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';
import type { Access } from '../../platform/access/access.js';
import type { Permission } from '../../platform/access/caller.js';
import type { OrganizationRole } from '../../platform/access/memberships.js';
import { type Handler, takesForm } from '../../platform/http/handlers.js';
import type { Constructor } from '../../platform/validation/rules.js';

const OPERATIONS = {
  list: [RequestMethod.GET, '/'],
  create: [RequestMethod.POST, '/'],
  get: [RequestMethod.GET, ':id'],
  replace: [RequestMethod.PUT, ':id'],
  update: [RequestMethod.PATCH, ':id'],
  delete: [RequestMethod.DELETE, ':id'],
  transfer: [RequestMethod.POST, ':id/transfer'],
  import: [RequestMethod.POST, 'import'],
} as const;

export type Operation = keyof typeof OPERATIONS;
export type Operations = Partial<Record<Operation, Handler>>;

/** What a caller may do: to every record there is, or to its own. Without it, to none. */
export type Reach = 'all' | 'own';

/** The handler of a method and a path below those of its controller. */
export function handlerAt(
  handlers: readonly Handler[],
  method: RequestMethod,
  path: string,
): Handler | undefined {
  return handlers.find(
    (each) =>
      Reflect.getMetadata(METHOD_METADATA, each.method) === method &&
      Reflect.getMetadata(PATH_METADATA, each.method) === path,
  );
}

/** What handlers do with records, as far as pages can make use of it. Of two for the same, the first. */
export function operationsOf(handlers: readonly Handler[]): Operations {
  const found: Operations = {};
  for (const [name, [method, path]] of Object.entries(OPERATIONS)) {
    const handler = handlerAt(handlers, method, path);
    // The console's forms send JSON, and do not show what is answered only once.
    if (handler && !takesForm(handler) && !configOf(handler).noStore) found[name as Operation] = handler;
  }
  return found;
}

/** The class of what a handler takes as body, query or parameters. */
export function inputOf(handler: Handler | undefined, kind: RouteParamtypes): Constructor | undefined {
  return handler?.parameters.find((each) => each.kind === kind)?.type as Constructor | undefined;
}

/** What the decorators of a handler declare. */
export function configOf(handler: Handler | undefined): FastifyContextConfig {
  if (!handler) return {};
  return (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler.method) ?? {}) as FastifyContextConfig;
}

/** Who may do what. */
export function accessOf(operations: Operations): ReadonlyMap<Operation, Access> {
  return new Map(
    (Object.keys(operations) as Operation[]).flatMap((name) => {
      const { access } = configOf(operations[name]);
      return access ? [[name, access] as const] : [];
    }),
  );
}

/** The least role that an operation takes in an organization; absent for what does not work in one. */
export function rolesOf(operations: Operations): Readonly<Partial<Record<Operation, OrganizationRole>>> {
  return Object.fromEntries(
    (Object.keys(operations) as Operation[]).flatMap((name) => {
      const { takesScope, organizationRole } = configOf(operations[name]);
      const isReading = OPERATIONS[name][0] === RequestMethod.GET;
      return takesScope ? [[name, organizationRole ?? (isReading ? 'viewer' : 'member')]] : [];
    }),
  );
}

/** How far a caller with these permissions gets. */
export function reachOf(access: Access, permissions: ReadonlySet<Permission>): Reach | undefined {
  if (access.kind === 'public' || access.kind === 'signed-in') return 'all';
  if (permissions.has(access.permission)) return 'all';
  return access.kind === 'owner-or' ? 'own' : undefined;
}
