import type { IncomingMessage } from 'node:http';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RouteOptions,
} from 'fastify';
import type { Config } from '../config/config.js';
import { DeclarationError } from '../errors/start-error.js';
import { ApiError, apiError, type ErrorCode, type ErrorDefinition } from '../errors/errors.js';
import { routeConfig } from '../http/route-config.js';
import { varyBy } from '../http/vary.js';
import { actorOf, type Caller, type Permission, type Scope } from './caller.js';
import { notesScope, ORGANIZATION_HEADER, organizationOf, roleFor } from './chosen-owner.js';
import type { Memberships } from './memberships.js';
import { refuseUnsetUser } from './request-user.js';
import { concerns, missingFor, needsBody } from './step-up.js';

/** The error with which the configuration closes a public route, if it does. */
type Refusal = (config: Config) => ErrorCode | ErrorDefinition | undefined;

/** Who may use a route. */
export type Access =
  | { readonly kind: 'public'; readonly refuse?: Refusal; readonly identifies?: boolean }
  | { readonly kind: 'signed-in'; readonly apiKeys?: boolean }
  | { readonly kind: 'permission'; readonly permission: Permission }
  | { readonly kind: 'owner-or'; readonly permission: Permission; readonly parameter?: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The signed-in user; only on routes that are not public. */
    caller?: Caller;
    /** Whose records the request may touch. */
    scope?: Scope;
  }
}

/** Authenticates requests. The authentication feature provides it. */
export abstract class Authenticator {
  /**
   * The caller, without a promise if it is cached.
   * @param options.afresh bypasses the cache: another process may have changed the user a moment ago
   * @throws ApiError UNAUTHENTICATED without a valid token of an enabled user
   */
  abstract authenticate(request: FastifyRequest, options?: { afresh: boolean }): Caller | Promise<Caller>;

  /**
   * The current state of the caller of a long request. The token may have expired meanwhile.
   * @throws ApiError UNAUTHENTICATED when its session or key has ended, or the user may not sign in
   */
  abstract again(caller: Caller): Promise<Caller>;

  /** The user named by a request's token, if that can be determined without a query. */
  abstract subjectOf(request: Pick<IncomingMessage, 'headers'>): string | undefined;
}

function guarded(access: Access): MethodDecorator {
  return applyDecorators(ApiBearerAuth(), ApiExtension('x-access', access), routeConfig({ access }));
}

/**
 * Anybody may use the route, unless the configuration closes it. With `identifies`, a valid token identifies the caller
 * anyway (`@KnownCaller()`), and an invalid one is ignored.
 */
export function Public(options: { refuse?: Refusal; identifies?: boolean } = {}): MethodDecorator {
  return routeConfig({ access: { kind: 'public', ...options } });
}

/**
 * Any signed-in user may use the route, for its own records. `apiKeys: false` refuses API keys: a stolen key must not
 * be enough to create further ones or take over the account.
 */
export function SignedIn(options: { apiKeys?: false } = {}): MethodDecorator {
  return guarded({ kind: 'signed-in', ...options });
}

/** Only users whose role has the permission may use the route. */
export function Requires(permission: Permission): MethodDecorator {
  return guarded({ kind: 'permission', permission });
}

/**
 * Any signed-in user may use the route for its own records; the permission gives access to everybody's. With
 * `parameter`, only a query with this parameter reaches other users' records, and without the permission it is refused.
 */
export function OwnerOr(permission: Permission, options: { parameter?: string } = {}): MethodDecorator {
  return guarded({ kind: 'owner-or', permission, ...options });
}

/** The signed-in user, as a parameter of a handler. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw apiError('UNAUTHENTICATED');
  return caller;
});

/** The caller with a valid token on a public route that `identifies`, as a parameter of a handler. */
export const KnownCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller | undefined => {
    return context.switchToHttp().getRequest<FastifyRequest>().caller;
  },
);

function scopeIn(_: unknown, context: ExecutionContext): Scope {
  const { scope } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!scope) throw apiError('UNAUTHENTICATED');
  return scope;
}

/**
 * Whose records the request may touch, as a parameter of a handler: those of the caller, or of the organization that
 * the request chooses with `X-Organization-Id`.
 */
export const CurrentScope = createParamDecorator(scopeIn, [notesScope]);

/** Like `CurrentScope`, but ignores the header: for things that organizations do not have, such as accounts. */
export const PersonalScope = createParamDecorator(scopeIn);

function asksForOthers(access: Access, query: Record<string, unknown>): boolean {
  if (access.kind !== 'owner-or') return access.kind === 'permission';
  return access.parameter !== undefined && access.parameter in query;
}

/** @throws ApiError FORBIDDEN */
function scopeFor(access: Access, caller: Caller, query: Record<string, unknown>): Scope {
  const { permissions } = caller;
  const by = { actor: actorOf(caller), permissions };
  const own: Scope = { ...by, owner: { kind: 'user', id: caller.id } };
  if (!('permission' in access)) return own;
  const { permission } = access;
  const allowed = permissions.has(permission);
  const { parameter } = access.kind === 'owner-or' ? access : {};
  const beyond = asksForOthers(access, query);
  if (beyond && !allowed) throw apiError('FORBIDDEN');
  return beyond || (allowed && parameter === undefined) ? { ...by, all: true, permission } : own;
}

function refuse(error: ErrorCode | ErrorDefinition) {
  return (_request: FastifyRequest, _reply: FastifyReply, done: (error: Error) => void): void =>
    done(apiError(error));
}

function identify(authenticator: Authenticator) {
  return async (request: FastifyRequest): Promise<void> => {
    try {
      request.caller = await authenticator.authenticate(request);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'UNAUTHENTICATED')) throw error;
    }
  };
}

/** What a route requires of a caller. */
interface Gate {
  readonly access: Access;
  /** The handler takes a scope, so the request may choose an organization. */
  readonly takesScope: boolean;
}

function gateOf({ access, takesScope }: FastifyContextConfig): Gate | undefined {
  if (!access || access.kind === 'public') return undefined;
  return { access, takesScope: takesScope === true && access.kind !== 'permission' };
}

/**
 * Checks again whether the caller of a long request has access: its session or key, permissions and membership, but not
 * the body's step-up.
 * @throws ApiError UNAUTHENTICATED, FORBIDDEN, ORGANIZATION_NOT_FOUND
 */
export async function readmit(
  authenticator: Authenticator,
  memberships: Memberships,
  request: FastifyRequest,
): Promise<void> {
  const gate = gateOf(request.routeOptions.config);
  if (gate && request.caller) {
    await admit(memberships, gate, request, await authenticator.again(request.caller));
  }
}

/** Synchronous unless an organization is involved. */
function admit(
  memberships: Memberships,
  { access, takesScope }: Gate,
  request: FastifyRequest,
  caller: Caller,
): void | Promise<void> {
  if (access.kind === 'signed-in' && access.apiKeys === false && caller.apiKey !== undefined) {
    throw apiError('FORBIDDEN');
  }
  if (caller.readOnly && request.method !== 'GET' && request.method !== 'HEAD') throw apiError('FORBIDDEN');
  const query = request.query as Record<string, unknown>;
  request.caller = caller;
  request.scope = scopeFor(access, caller, query);
  if (!takesScope) {
    // An organization's API key works only in that organization.
    if (caller.organization !== undefined) throw apiError('FORBIDDEN');
    return;
  }
  const id = organizationOf(request, caller, asksForOthers(access, query));
  if (id === undefined) return;
  // Without the user's permissions: they are for other people's records.
  const scope: Scope = { actor: actorOf(caller), owner: { kind: 'organization', id } };
  const role = memberships.require(id, caller.id, roleFor(request));
  if (role instanceof Promise) return role.then(() => void (request.scope = scope));
  request.scope = scope;
}

/**
 * The guard of every route. Unlike Nest's guards it runs before the body is read, so that anonymous clients cannot make
 * the server parse anything. A route that declares no access stops the start, and so does one
 * that requires a permission that does not exist.
 */
export function installAccess(
  fastify: FastifyInstance,
  config: Config,
  authenticator: Authenticator,
  permissions: ReadonlySet<Permission>,
  memberships: Memberships,
): void {
  fastify.decorateRequest('caller', undefined);
  fastify.decorateRequest('scope', undefined);
  refuseUnsetUser(fastify);
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const access = route.config?.access;
    if (!access) {
      throw new DeclarationError(
        `${String(route.method)} ${route.url} declares no access: write @SignedIn(), @OwnerOr(…), @Requires(…) or @Public() above its handler`,
      );
    }
    if ('permission' in access && !permissions.has(access.permission)) {
      throw new DeclarationError(
        `${String(route.method)} ${route.url} asks for ${access.permission}, which no resource declares; there are ${[...permissions].join(', ')}`,
      );
    }
    if (access.kind === 'public') {
      const refused = access.refuse?.(config);
      if (refused) route.onRequest = [route.onRequest ?? [], refuse(refused)].flat();
      if (access.identifies) route.onRequest = [route.onRequest ?? [], identify(authenticator)].flat();
      return;
    }
    const gate = gateOf({ ...route.config });
    if (!gate) return;
    const varies = memberships.exist && gate.takesScope;
    const guard = (request: FastifyRequest, reply: FastifyReply, done: () => void): Promise<void> | void => {
      if (varies) varyBy(reply, ORGANIZATION_HEADER);
      const caller = authenticator.authenticate(request);
      if (caller instanceof Promise) return caller.then((known) => admit(memberships, gate, request, known));
      return admit(memberships, gate, request, caller) ?? done();
    };
    route.onRequest = [route.onRequest ?? [], guard].flat();
    const { stepUp } = route.config ?? {};
    if (!stepUp) return;
    const requireProof = async (request: FastifyRequest): Promise<void> => {
      const { caller } = request;
      if (!caller || !concerns(stepUp, request.body) || !missingFor(stepUp, caller)) return;
      // Bypass the cache before refusing: the proof may have been given to another process.
      const known = await authenticator.authenticate(request, { afresh: true });
      const missing = missingFor(stepUp, known);
      if (missing) throw apiError(missing);
      await admit(memberships, gate, request, known);
    };
    if (needsBody(stepUp)) route.preValidation = [requireProof, route.preValidation ?? []].flat();
    else route.onRequest = [route.onRequest, requireProof].flat();
  });
}
