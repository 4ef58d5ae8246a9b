import type { INestApplication } from '@nestjs/common';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
// The package's main file loads the whole of Swagger UI into the server.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';
import { createOpenApi } from './openapi.js';
import { PAGE, SCRIPT, STYLE } from './page.js';

/** What the page needs of the Swagger UI package; nothing else of it is served. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PUBLIC = { config: { access: { kind: 'public' } } } as const;

/** Serves Swagger UI at /docs and the OpenAPI document at /docs/json. */
export async function installSwaggerUi(app: INestApplication, fastify: FastifyInstance): Promise<void> {
  await fastify.register(fastifyStatic, { root: getAbsoluteFSPath(), serve: false });
  let document: string | undefined;
  fastify.get('/docs', PUBLIC, (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  fastify.get('/docs/page.css', PUBLIC, (_, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
  fastify.get('/docs/page.js', PUBLIC, (_, reply) =>
    reply.type('text/javascript; charset=utf-8').send(SCRIPT),
  );
  fastify.get('/docs/json', PUBLIC, (_, reply) => {
    document ??= JSON.stringify(createOpenApi(app));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  for (const file of FILES) fastify.get(`/docs/${file}`, PUBLIC, (_, reply) => reply.sendFile(file));
}
