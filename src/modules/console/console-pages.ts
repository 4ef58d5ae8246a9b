import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpConfig } from '../../platform/http/http.config.js';
import { basePathOf } from '../../platform/http/public-origin.js';
import { apiError } from '../../platform/errors/errors.js';
import { answerUnchanged } from '../../platform/http/entity-tag.js';
import { addressBelow, redirectSlash } from '../../platform/http/base-path.js';
import { ASK_EACH_TIME, KEEP, sendFile } from '../../platform/http/static-file.js';
import { readConsoleFiles } from './console.files.js';

const PUBLIC = { access: { kind: 'public' } } as const;
/** From memory, so that a page and its dozen files cost its reader one request of the minute. */
const UNLIMITED = { ...PUBLIC, unlimited: true } as const;

/** Serves the pages and their files from memory. Whoever opens the bare address is led to the sign-in. */
@Injectable()
export class ConsolePages implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: HttpConfig,
  ) {}

  onModuleInit(): void {
    const fastify = (
      this.host.httpAdapter as ReturnType<NestFastifyApplication['getHttpAdapter']>
    ).getInstance();
    const { pages, files, version } = readConsoleFiles();
    const base = basePathOf(this.config);
    fastify.get('/', { config: PUBLIC }, (_, reply) => reply.redirect(addressBelow(base, 'login')));
    for (const page of pages) {
      fastify.get(page.path, { config: PUBLIC, onSend: answerUnchanged }, (request, reply) =>
        sendFile(request, reply, page, ASK_EACH_TIME),
      );
      redirectSlash(fastify, base, page.path);
    }
    const fileOf = new Map(files.map((file) => [file.path, file]));
    fastify.get<{ Params: { version: string; file: string } }>(
      '/console/files/:version/:file',
      { config: UNLIMITED, onSend: answerUnchanged },
      (request, reply) => {
        const { params } = request;
        const file = fileOf.get(params.file);
        if (!file) throw apiError('ROUTE_NOT_FOUND');
        // While a new version is rolled out, its page may ask a process of the old one: served, but not to be kept.
        return sendFile(request, reply, file, params.version === version ? KEEP : ASK_EACH_TIME);
      },
    );
  }
}
