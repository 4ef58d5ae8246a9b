import type { INestApplication } from '@nestjs/common';
import { HOST_METADATA, RENDER_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyInstance } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { type Handler, takes, takesForm } from './handlers.js';

/** A decorator that needs something else, without which it would give `undefined` or fail at each request. */
interface Need {
  /** As people write it. */
  readonly decorator: string;
  isUsedBy(handler: Handler): boolean;
  isMet(handler: Handler, app: INestApplication, fastify: FastifyInstance): boolean;
  /** What to write. */
  readonly instead: string;
}

/** What `NestFactory.create` makes of `cookies: { secret }`. */
type Signing = INestApplication & { readonly config: { getCookieSigner(): object | undefined } };

const NEEDS: readonly Need[] = [
  {
    decorator: '@UploadedFile()',
    isUsedBy: (handler) => takes(handler, RouteParamtypes.FILE, RouteParamtypes.FILES),
    isMet: takesForm,
    instead:
      "write @UseInterceptors(FileInterceptor('file')), or FilesInterceptor for several, of @nestjs/platform-fastify/multipart above the handler",
  },
  {
    decorator: '@HostParam()',
    isUsedBy: (handler) => takes(handler, RouteParamtypes.HOST),
    isMet: ({ prototype }) => Reflect.getMetadata(HOST_METADATA, prototype.constructor) !== undefined,
    instead: "name the host in @Controller({ path: 'api/v1/tickets', host: ':tenant.example.com' })",
  },
  {
    decorator: '@Session()',
    isUsedBy: (handler) => takes(handler, RouteParamtypes.SESSION),
    isMet: (_, __, fastify) => fastify.hasRequestDecorator('session'),
    instead:
      'register a plugin that provides request.session, such as @fastify/session, in onModuleInit of a module',
  },
  {
    decorator: '@SignedCookies()',
    isUsedBy: (handler) => takes(handler, RouteParamtypes.SIGNED_COOKIES),
    isMet: (_, app, fastify) =>
      (app as Signing).config.getCookieSigner() !== undefined || fastify.hasRequestDecorator('signedCookies'),
    instead: 'add cookies: { secret } to the options of NestFactory.create in src/app.ts',
  },
  {
    decorator: '@Render()',
    isUsedBy: ({ method }) => Reflect.hasMetadata(RENDER_METADATA, method),
    isMet: (_, __, fastify) => fastify.hasReplyDecorator('view'),
    instead:
      'register a plugin that provides reply.view, such as @fastify/view with its engine, in onModuleInit of a module',
  },
];

/**
 * Stops the start for a handler with a decorator that lacks what it needs, once all plugins are loaded.
 * @throws DeclarationError with what to write
 */
export function refuseUnfilled(
  app: INestApplication,
  fastify: FastifyInstance,
  handlers: readonly Handler[],
): void {
  fastify.addHook('onReady', (done) => {
    for (const { decorator, isUsedBy, isMet, instead } of NEEDS) {
      const handler = handlers.find((each) => isUsedBy(each) && !isMet(each, app, fastify));
      if (handler)
        return done(new DeclarationError(`${handler.title}: ${decorator} gets nothing: ${instead}`));
    }
    return done();
  });
}
