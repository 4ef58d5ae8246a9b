import type { INestApplication } from '@nestjs/common';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { getAbsoluteFSPath } from 'swagger-ui-dist';
import { createOpenApi } from './openapi.js';

/** Nest's own page has styles in the HTML, which a strict policy refuses; this one has only files. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Flowversal API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `window.ui = SwaggerUIBundle({
  url: '/docs/json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** What the page needs of the Swagger UI package; nothing else of it is served. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PUBLIC = { config: { access: { kind: 'public' } } } as const;

/** Serves Swagger UI at /docs and the OpenAPI document at /docs/json. */
export async function installSwaggerUi(app: INestApplication, fastify: FastifyInstance): Promise<void> {
  await fastify.register(fastifyStatic, { root: getAbsoluteFSPath(), serve: false });
  let document: string | undefined;
  fastify.get('/docs', PUBLIC, (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  fastify.get('/docs/start.js', PUBLIC, (_, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START),
  );
  fastify.get('/docs/json', PUBLIC, (_, reply) => {
    document ??= JSON.stringify(createOpenApi(app));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  for (const file of FILES) fastify.get(`/docs/${file}`, PUBLIC, (_, reply) => reply.sendFile(file));
}
