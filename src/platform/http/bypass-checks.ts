import type { INestApplication } from '@nestjs/common';
import { PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';
import { BaseExceptionFilter, ModulesContainer } from '@nestjs/core';
import { LegacyRouteConverter } from '@nestjs/core/internal';
import type { FastifyInstance } from 'fastify';
import { pathToRegexp } from 'path-to-regexp';
import { DeclarationError } from '../errors/start-error.js';
import type { Handler } from './handlers.js';

/** The metadata key of `@WebSocketGateway()`; its package need not be installed. */
const GATEWAY = 'websockets:is_gateway';

/** What `main.ts` cannot change, and what to do instead. */
const SETTLED = {
  setGlobalPrefix:
    'controllers name their whole path, and PUBLIC_URL may have a path that a proxy puts in front',
  enableVersioning:
    "versions are part of the path: write @Controller({ path: 'tickets', version: '2' }) for /api/v2/tickets",
};

/** Refuses `/api/v2/api/v1/tickets`, which nobody intends. */
function refuseTwoVersions({ prototype: { constructor }, method }: Handler): void {
  const isVersioned = [constructor, method].some(
    (place) => Reflect.getMetadata(VERSION_METADATA, place) !== undefined,
  );
  if (!isVersioned || !String(Reflect.getMetadata(PATH_METADATA, constructor)).startsWith('api/')) return;
  throw new DeclarationError(
    `${constructor.name} has a version and a path that begins with api/: write @Controller({ path: 'tickets', version: '2' }) for /api/v2/tickets`,
  );
}

/** Refuses `*path/parts`, which the router cannot match. */
function refuseWildcardWithin({ prototype: { constructor }, method, title }: Handler): void {
  const pathsOf = (place: object) => [Reflect.getMetadata(PATH_METADATA, place) as string[]].flat();
  const paths = pathsOf(constructor).flatMap((root) => pathsOf(method).map((own) => `${root}/${own}`));
  const path = paths.find((each) => /\*[^/]*\/+[^/]/.test(each));
  if (path === undefined) return;
  throw new DeclarationError(
    `${title} has a wildcard before the end of its path, ${path}: write a parameter such as :name for one segment, and *path only at the end`,
  );
}

/**
 * Stops the start if something would bypass the product's rules.
 * @throws DeclarationError with what to write instead
 */
export function refuseBypasses(app: INestApplication, handlers: readonly Handler[]): void {
  handlers.forEach(refuseTwoVersions);
  handlers.forEach(refuseWildcardWithin);
  for (const { providers, injectables } of app.get(ModulesContainer).values()) {
    for (const { metatype, instance } of [...providers.values(), ...injectables.values()]) {
      if (typeof metatype === 'function' && Reflect.hasMetadata(GATEWAY, metatype)) {
        throw new DeclarationError(
          `${metatype.name} is a WebSocket gateway, which no access decorator guards. Send events by @Sse() under @SignedIn() instead, and receive messages of clients through routes`,
        );
      }
      const isBase =
        metatype?.prototype instanceof BaseExceptionFilter || instance instanceof BaseExceptionFilter;
      if (isBase) {
        throw new DeclarationError(
          `${metatype?.name} extends BaseExceptionFilter, whose responses have no codes: write \`extends FailureFilter\``,
        );
      }
    }
  }
  for (const [name, why] of Object.entries(SETTLED)) {
    const refuse = (): never => {
      throw new DeclarationError(`app.${name}(): ${why}`);
    };
    // Nest's own proxy ignores assignments.
    Object.defineProperty(app, name, { value: refuse, configurable: true });
  }
}

/** A sample path of a route, with its parameters filled in. */
function exampleOf(url: string): string {
  return url.replaceAll(/:[^/]+|\*/g, 'x');
}

/** Stops the start for middleware that would never run. */
export class MiddlewarePaths {
  private readonly urls = new Set<string>();
  private readonly paths = new Set<string>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url }) => void this.urls.add(exampleOf(url)));
    fastify.addHook('onReady', (done) => {
      this.check();
      done();
    });
  }

  add(path: string): void {
    this.paths.add(path);
  }

  private check(): void {
    const unused = [...this.paths].find((path) => {
      const { regexp } = pathToRegexp(LegacyRouteConverter.tryConvert(path.replace(/\$$/, '')));
      return ![...this.urls].some((url) => regexp.test(url) || regexp.test(`${url}/`));
    });
    if (unused === undefined) return;
    throw new DeclarationError(
      `forRoutes('${unused}') matches no route, so its middleware would never run. ` +
        `A path is matched as a whole: write the controller's class, or '${unused.replace(/\/$/, '')}/*path' for all below it`,
    );
  }
}
