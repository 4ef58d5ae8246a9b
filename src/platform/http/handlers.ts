import type { INestApplication, Type } from '@nestjs/common';
import {
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  RESPONSE_PASSTHROUGH_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';

/** A parameter that Nest fills. */
export interface Parameter {
  readonly kind: RouteParamtypes;
  /** The class in its declaration, if it exists at run time. */
  readonly type: unknown;
  /** `id` of `@Param('id')`. */
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
}

/** A method of a controller. */
export interface Handler {
  /** `ProjectsController.create` */
  readonly title: string;
  readonly prototype: object;
  readonly name: string;
  readonly method: object;
  readonly parameters: readonly Parameter[];
}

type Arguments = Record<string, Omit<Parameter, 'kind' | 'type'> & { readonly index: number }>;

export function handlerOf(prototype: object, name: string): Handler {
  const { constructor } = prototype as { constructor: Type };
  const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as unknown[];
  const declared = (Reflect.getMetadata(ROUTE_ARGS_METADATA, constructor, name) ?? {}) as Arguments;
  const parameters = Object.entries(declared).map(([key, { index, data, pipes = [] }]) => ({
    // `3:0` for the body as the first parameter; custom decorators have no number.
    kind: Number(key.split(':', 1)[0]) as RouteParamtypes,
    type: types[index],
    data,
    pipes,
  }));
  const method = (prototype as Record<string, object>)[name] ?? {};
  return { title: `${constructor.name}.${name}`, prototype, name, method, parameters };
}

/** Every handler of every controller. */
export function handlersOf(app: INestApplication): Handler[] {
  return handlersIn(app.get(ModulesContainer));
}

/** The same, for a provider, which has no access to the application. */
export function handlersIn(modules: ModulesContainer): Handler[] {
  const scanner = new MetadataScanner();
  const controllers = [...modules.values()].flatMap(({ controllers: all }) => [...all.values()]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = metatype?.prototype as object | undefined;
    if (!prototype) return [];
    return scanner
      .getAllMethodNames(prototype)
      .map((name) => handlerOf(prototype, name))
      .filter(({ method }) => Reflect.hasMetadata(METHOD_METADATA, method));
  });
}

export function takes({ parameters }: Handler, ...kinds: readonly RouteParamtypes[]): boolean {
  return parameters.some(({ kind }) => kinds.includes(kind));
}

/** Whether it sends the answer through `@Res()`. */
export function hasResponse(handler: Handler): boolean {
  const { constructor } = handler.prototype;
  const passes = Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, constructor, handler.name) as unknown;
  return takes(handler, RouteParamtypes.RESPONSE, RouteParamtypes.NEXT) && passes !== true;
}

/** Whether it takes a form, through an interceptor of `@nestjs/platform-fastify/multipart`. */
export function takesForm({ method, prototype }: Handler): boolean {
  const declared = [prototype.constructor, method].flatMap(
    (place) => (Reflect.getMetadata(INTERCEPTORS_METADATA, place) ?? []) as object[],
  );
  // The package does not export their base class.
  return declared.some(
    (each) => (Object.getPrototypeOf(each) as { name?: string }).name === 'MultipartInterceptorHost',
  );
}
