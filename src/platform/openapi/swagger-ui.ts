import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpConfig } from '../http/http.config.js';
import { basePathOf } from '../http/public-origin.js';
import { apiError } from '../errors/errors.js';
import { redirectSlash } from '../http/base-path.js';
import { answerUnchanged } from '../http/entity-tag.js';
import { ASK_EACH_TIME, KEEP, sendFile, type StaticFile, staticFile } from '../http/static-file.js';
import { OpenApi } from './openapi.js';
import { readDocsFiles } from './swagger-ui.files.js';

const PUBLIC = { config: { access: { kind: 'public' } }, onSend: answerUnchanged } as const;
/** From memory, so that the page costs its reader few requests of the minute. */
const UNLIMITED = { ...PUBLIC, config: { ...PUBLIC.config, unlimited: true } } as const;

/** Serves Swagger UI at /docs and the OpenAPI document at /docs/json; of further versions at /docs?version=2 and /docs/v2/json. */
@Injectable()
export class SwaggerUi implements OnModuleInit {
  private readonly documents = new Map<string, StaticFile>();
  /** Two megabytes, which a server that nobody reads does not keep. */
  private known: ReturnType<typeof readDocsFiles> | undefined;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly config: HttpConfig,
    private readonly openApi: OpenApi,
  ) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.get('/docs', PUBLIC, (request, reply) =>
      sendFile(request, reply, this.files.page, ASK_EACH_TIME),
    );
    redirectSlash(fastify, basePathOf(this.config), '/docs');
    fastify.get('/docs/json', PUBLIC, (request, reply) => this.serve(request, reply, '1'));
    fastify.get<{ Params: { version: string } }>('/docs/v:version/json', PUBLIC, (request, reply) =>
      this.serve(request, reply, request.params.version),
    );
    fastify.get<{ Params: { version: string; file: string } }>(
      '/docs/files/:version/:file',
      UNLIMITED,
      (request, reply) => {
        const { files, version } = this.files;
        const file = files.get(request.params.file);
        if (!file) throw apiError('ROUTE_NOT_FOUND');
        return sendFile(request, reply, file, request.params.version === version ? KEEP : ASK_EACH_TIME);
      },
    );
  }

  private get files(): ReturnType<typeof readDocsFiles> {
    return (this.known ??= readDocsFiles());
  }

  private serve(request: FastifyRequest, reply: FastifyReply, version: string): FastifyReply {
    const document = this.documents.get(version) ?? this.made(version);
    this.documents.set(version, document);
    return sendFile(request, reply, document, ASK_EACH_TIME);
  }

  private made(version: string): StaticFile {
    const { publicUrl } = this.config;
    const whole = this.openApi.document(version);
    if (Object.keys(whole.paths).length === 0) throw apiError('ROUTE_NOT_FOUND');
    const text = JSON.stringify(publicUrl ? { ...whole, servers: [{ url: publicUrl }] } : whole);
    return staticFile('application/json; charset=utf-8', Buffer.from(text));
  }
}
