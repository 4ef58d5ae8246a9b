import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../http/http.config.js';
import { basePathOf } from '../http/public-origin.js';
import { apiError } from '../errors/errors.js';
import { redirectSlash } from '../http/base-path.js';
import { answerUnchanged } from '../http/entity-tag.js';
import { ASK_EACH_TIME, KEEP, sendFile, type StaticFile, staticFile } from '../http/static-file.js';
import { readDocsFiles } from './docs.files.js';
import { createOpenApi } from './openapi.js';

const PUBLIC = { config: { access: { kind: 'public' } }, onSend: answerUnchanged } as const;
/** From memory, so that the page costs its reader few requests of the minute. */
const UNLIMITED = { ...PUBLIC, config: { ...PUBLIC.config, unlimited: true } } as const;

/** Serves Swagger UI at /docs and the OpenAPI document at /docs/json; of further versions at /docs?version=2 and /docs/v2/json. */
export function installSwaggerUi(app: INestApplication, fastify: FastifyInstance, config: HttpConfig): void {
  // Two megabytes, which a server that nobody reads does not keep.
  let known: ReturnType<typeof readDocsFiles> | undefined;
  const docs = () => (known ??= readDocsFiles());
  const documents = new Map<string, StaticFile>();
  fastify.get('/docs', PUBLIC, (request, reply) => sendFile(request, reply, docs().page, ASK_EACH_TIME));
  redirectSlash(fastify, basePathOf(config), '/docs');
  const made = (version: string): StaticFile => {
    const { publicUrl } = config;
    const whole = createOpenApi(app, version);
    if (Object.keys(whole.paths).length === 0) throw apiError('ROUTE_NOT_FOUND');
    const text = JSON.stringify(publicUrl ? { ...whole, servers: [{ url: publicUrl }] } : whole);
    return staticFile('application/json; charset=utf-8', Buffer.from(text));
  };
  const serve = (request: FastifyRequest, reply: FastifyReply, version: string): FastifyReply => {
    const document = documents.get(version) ?? made(version);
    documents.set(version, document);
    return sendFile(request, reply, document, ASK_EACH_TIME);
  };
  fastify.get('/docs/json', PUBLIC, (request, reply) => serve(request, reply, '1'));
  fastify.get<{ Params: { version: string } }>('/docs/v:version/json', PUBLIC, (request, reply) =>
    serve(request, reply, request.params.version),
  );
  fastify.get<{ Params: { version: string; file: string } }>(
    '/docs/files/:version/:file',
    UNLIMITED,
    (request, reply) => {
      const { files, version } = docs();
      const file = files.get(request.params.file);
      if (!file) throw apiError('ROUTE_NOT_FOUND');
      return sendFile(request, reply, file, request.params.version === version ? KEEP : ASK_EACH_TIME);
    },
  );
}
