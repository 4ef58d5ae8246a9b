import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
// The package's main file loads the whole of Swagger UI into the server.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';
import type { Config } from '../config/config.js';
import { basePathOf } from '../config/public-origin.js';
import { apiError } from '../errors/errors.js';
import { redirectSlash } from '../http/base-path.js';
import { answerUnchanged } from '../http/entity-tag.js';
import { ASK_EACH_TIME, KEEP, sendFile, type StaticFile, staticFile } from '../http/static-file.js';
import { createOpenApi } from './openapi.js';
import { pageWith, SCRIPT, STYLE } from './page.js';

const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** What the page needs of the Swagger UI package; nothing else of it is served. */
const FILES = { 'swagger-ui.css': CSS, 'swagger-ui-bundle.js': JAVASCRIPT, 'favicon-32x32.png': 'image/png' };

const PUBLIC = { config: { access: { kind: 'public' } }, onSend: answerUnchanged } as const;
/** From memory, so that the page costs its reader few requests of the minute. */
const UNLIMITED = { ...PUBLIC, config: { ...PUBLIC.config, unlimited: true } } as const;

/** The page and what it loads. */
export function readDocsFiles(): { page: StaticFile; files: Map<string, StaticFile>; version: string } {
  const folder = getAbsoluteFSPath();
  const files = new Map(
    Object.entries(FILES).map(([name, type]) => [name, staticFile(type, readFileSync(join(folder, name)))]),
  );
  files.set('page.css', staticFile(CSS, Buffer.from(STYLE)));
  files.set('page.js', staticFile(JAVASCRIPT, Buffer.from(SCRIPT)));
  const hash = createHash('sha256');
  for (const { digest } of files.values()) hash.update(digest);
  const version = hash.digest('base64url').slice(0, 12);
  const page = staticFile('text/html; charset=utf-8', Buffer.from(pageWith(`docs/files/${version}`)));
  return { page, files, version };
}

/** Serves Swagger UI at /docs and the OpenAPI document at /docs/json; of further versions at /docs?version=2 and /docs/v2/json. */
export function installSwaggerUi(app: INestApplication, fastify: FastifyInstance, config: Config): void {
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
