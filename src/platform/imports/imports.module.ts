import { Global, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Repositories } from '../database/repositories.js';
import { DeclarationError } from '../errors/start-error.js';
import { apiError, CATALOGUE } from '../errors/errors.js';
import { importersOf } from './import-executor.js';
import { ImportPart, ImportPartSchema } from './import-part.schema.js';
import { ImportParts } from './import-parts.js';
import { Imports } from './imports.js';
import { MAX_BYTES, SentRows, typeIn, TYPES } from './sent-rows.js';

type Done = (error: Error | null, payload?: unknown) => void;

/** Fastify hook: answers 415 before anything is read. */
function requireType({ headers }: FastifyRequest, _: FastifyReply, payload: unknown, done: Done): void {
  const isEmpty = headers['transfer-encoding'] === undefined && !Number(headers['content-length'] ?? 0);
  if (isEmpty || typeIn(headers['content-type'])) return done(null, payload);
  const message = `The body must be ${TYPES.join(' or ')}, in UTF-8`;
  return done(apiError({ ...CATALOGUE.UNSUPPORTED_MEDIA_TYPE, message }));
}

/** Creates records of a feature from the rows of a file: `import: true` in a resource. */
@Global()
@Module({
  imports: [MongooseModule.forFeature([{ name: ImportPart.name, schema: ImportPartSchema }])],
  providers: [ImportParts, Imports, SentRows],
  exports: [Imports],
})
export class ImportsModule implements OnApplicationBootstrap {
  constructor(
    private readonly repositories: Repositories,
    private readonly modules: ModuleRef,
    { httpAdapter }: HttpAdapterHost,
  ) {
    httpAdapter.getInstance<FastifyInstance>().addHook('onRoute', (route: RouteOptions) => {
      if (!route.config?.takesRows) return;
      route.bodyLimit = MAX_BYTES;
      route.preParsing = [route.preParsing ?? [], requireType as never].flat();
    });
  }

  /** @throws DeclarationError for a resource that declares imports without an executor or a route */
  onApplicationBootstrap(): void {
    for (const resource of this.repositories.resources) {
      if (!resource.can.has('import')) continue;
      const isThere = importersOf(resource).some(({ executor, isServed }) => isServed && this.has(executor));
      if (isThere) continue;
      throw new DeclarationError(
        `resource '${resource.name}' declares import, and no route serves it: write an executor with ` +
          '@ImportExecutor, among the providers of its module, and a route with @AnswersImport, as ' +
          `\`npm run feature -- ${resource.plural} --add import\` does`,
      );
    }
  }

  private has(executor: object): boolean {
    try {
      return this.modules.get(executor as never, { strict: false }) !== undefined;
    } catch {
      return false;
    }
  }
}
