import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import { answerUnchanged } from '../../platform/http/entity-tag.js';
import { readConsoleFiles, type ServedFile } from './console-files.js';

const PUBLIC = { access: { kind: 'public' } } as const;
/** From memory, so that a page and its dozen files cost its reader one request of the minute. */
const UNLIMITED = { ...PUBLIC, unlimited: true } as const;

const ASK_EACH_TIME = 'no-cache';
/** A year: the address changes with the content. */
const KEEP = 'public, max-age=31536000, immutable';

function send(
  headers: FastifyRequest['headers'],
  reply: FastifyReply,
  file: ServedFile,
  caching: string,
): FastifyReply {
  const { body, etag } = /\bbr\b/.test(headers['accept-encoding'] ?? '') ? file.brotli : file.plain;
  if (body === file.brotli.body) reply.header('content-encoding', 'br');
  return reply
    .headers({ 'cache-control': caching, etag, vary: 'accept-encoding' })
    .type(file.type)
    .send(body);
}

/** Serves the pages and their files from memory. Whoever opens the bare address is led to the sign-in. */
@Injectable()
export class ConsolePages implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = (
      this.host.httpAdapter as ReturnType<NestFastifyApplication['getHttpAdapter']>
    ).getInstance();
    const { pages, files, version } = readConsoleFiles();
    fastify.get('/', { config: PUBLIC }, (_, reply) => reply.redirect('/login'));
    for (const page of pages) {
      fastify.get(page.path, { config: PUBLIC, onSend: answerUnchanged }, ({ headers }, reply) =>
        send(headers, reply, page, ASK_EACH_TIME),
      );
    }
    const fileOf = new Map(files.map((file) => [file.path, file]));
    fastify.get<{ Params: { version: string; file: string } }>(
      '/console/files/:version/:file',
      { config: UNLIMITED, onSend: answerUnchanged },
      ({ params, headers }, reply) => {
        const file = fileOf.get(params.file);
        if (!file) throw apiError('ROUTE_NOT_FOUND');
        // While a new version is rolled out, its page may ask a process of the old one: served, but not to be kept.
        return send(headers, reply, file, params.version === version ? KEEP : ASK_EACH_TIME);
      },
    );
  }
}
