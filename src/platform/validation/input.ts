import { type INestApplication, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ApiBody } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type Detail, invalid } from '../errors/errors.js';
import { routeConfig } from '../routing/route-config.js';
import { isWithinBounds, TOO_MUCH } from './bounds.js';
import { type Validator, validatorOf } from './compile.js';
import { isEnough, report, reportUnknown } from './faults.js';
import type { Constructor } from './rules.js';

/** The DTO classes that a handler takes, by the part of the request that each describes. */
export interface Input {
  readonly params?: Constructor;
  readonly query?: Constructor;
  readonly body?: Constructor;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    input?: Input;
    /** No body is as good as an empty object. */
    optionalBody?: boolean;
  }
}

const PARTS = new Map<string, keyof Input>([
  [String(RouteParamtypes.PARAM), 'params'],
  [String(RouteParamtypes.QUERY), 'query'],
  [String(RouteParamtypes.BODY), 'body'],
]);

/**
 * What a handler takes, from `@Param()`, `@Query()` and `@Body()` and the types of these parameters. Undefined for
 * one that has the response in hand: scrapers and probes may send what they like.
 * @throws where such a parameter is no class, or only a part of one: it could not be checked
 */
function inputOf(controller: Type, handler: string): Input | undefined {
  const declared = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as Record<
    string,
    { readonly index: number; readonly data?: unknown; readonly pipes: readonly unknown[] }
  >;
  const types = (Reflect.getMetadata('design:paramtypes', controller.prototype as object, handler) ??
    []) as unknown[];
  const input: Partial<Record<keyof Input, Constructor>> = {};
  for (const [key, { index, data, pipes }] of Object.entries(declared)) {
    const part = PARTS.get(key.split(':', 1)[0] ?? '');
    if (!part) continue;
    // Checked by its pipes, as `@Param('id', ParseIntPipe)` is.
    if (part === 'params' && data !== undefined && pipes.length > 0) continue;
    const type = types[index];
    if (data !== undefined || typeof type !== 'function' || type === Object) {
      throw new Error(`${controller.name}.${handler} takes ${part} that is no DTO class`);
    }
    input[part] = type as Constructor;
  }
  const answersItself = Object.keys(declared).some((key) => key.startsWith(`${RouteParamtypes.RESPONSE}:`));
  return answersItself && Object.keys(input).length === 0 ? undefined : input;
}

/** Lets clients leave out the whole body of a request. */
export const OptionalBody = (): MethodDecorator => (target, property, descriptor) => {
  const body = inputOf(target.constructor as Type, String(property))?.body;
  if (!body)
    throw new Error(`${target.constructor.name}.${String(property)} takes no body that could be left out`);
  // Its type as well: Swagger takes a body that is described by hand for a text.
  ApiBody({ type: body, required: false })(target, property, descriptor);
  routeConfig({ optionalBody: true })(target, property, descriptor);
};

/** Tells Fastify what every handler of the application takes. For before its routes are declared. */
export function noteInput(app: INestApplication): void {
  const scanner = new MetadataScanner();
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [
    ...module.controllers.values(),
  ]);
  for (const { metatype } of controllers) {
    const prototype = metatype?.prototype as object | undefined;
    if (!metatype || !prototype) continue;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = (prototype as Record<string, unknown>)[name];
      const input = inputOf(metatype as Type, name);
      if (input) routeConfig({ input })(prototype, name, { value: handler });
    }
  }
}

/** Bodies of so many bytes cannot hold so much that looking at it takes long: the rules of the fields bound them. */
const SMALL_BYTES = 4096;

function isSmall({ headers }: FastifyRequest): boolean {
  return Number(headers['content-length']) <= SMALL_BYTES;
}

/** Reports everything in a part of a request that its handler does not take. */
function refuseAll(part: unknown, faults: Detail[]): void {
  if (part === undefined || part === null) return;
  if (typeof part !== 'object' || Array.isArray(part)) {
    report(faults, '', 'must be empty');
    return;
  }
  for (const name in part) {
    if (isEnough(faults)) return;
    reportUnknown(faults, '', name);
  }
}

/** Makes the DTO of one part of a request and puts it in its place. */
type CheckPart = (request: FastifyRequest, faults: Detail[]) => void;

function checkOf(part: keyof Input, type: Constructor | undefined): CheckPart {
  if (!type) return (request, faults) => refuseAll(request[part], faults);
  const validate: Validator<object> = validatorOf(type);
  return (request, faults) => {
    const outcome = validate(request[part]);
    if (outcome.faults) for (const { path, message } of outcome.faults) report(faults, path, message);
    else request[part] = outcome.value;
  };
}

function fillBody(request: FastifyRequest, _: FastifyReply, done: () => void): void {
  // JSON's null is a body, and no object.
  if (request.body === undefined) request.body = {};
  done();
}

/**
 * Turns path parameters, queries and bodies into checked DTOs before the handler of a route runs, and refuses
 * what it does not take: 400 VALIDATION_ERROR with a detail for each fault. A hook instead of a Nest pipe, whose
 * promises cost a request more than the checks.
 */
export function installInput(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const input = route.config?.input;
    if (!input) return;
    const checks = [
      // The router has matched the path: what a handler does not take of it is no fault.
      ...(input.params ? [checkOf('params', input.params)] : []),
      checkOf('query', input.query),
      checkOf('body', input.body),
    ];
    const check = (request: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void => {
      if (!isSmall(request) && !isWithinBounds(request.body)) {
        return done(invalid([{ path: '', message: TOO_MUCH }]));
      }
      const faults: Detail[] = [];
      for (const checkPart of checks) checkPart(request, faults);
      return done(faults.length > 0 ? invalid(faults) : undefined);
    };
    const hooks = route.config?.optionalBody ? [fillBody, check] : [check];
    route.preValidation = [route.preValidation ?? [], hooks].flat();
  });
}
