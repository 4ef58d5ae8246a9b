import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpConfig } from '../../platform/http/http.config.js';
import { basePathOf } from '../../platform/http/public-origin.js';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { apiError } from '../../platform/errors/errors.js';
import { answerUnchanged } from '../../platform/http/entity-tag.js';
import { addressBelow, redirectSlash } from '../../platform/http/base-path.js';
import { compress } from '../../platform/http/compression.js';
import { ASK_EACH_TIME, KEEP, sendFile, type StaticFile } from '../../platform/http/static-file.js';
import { type ConsoleFiles, readConsoleFiles } from './console.files.js';
import { ConsoleFeatures } from './features.js';
import { OutboxMails } from './outbox-mails.js';
import { SystemSamples } from './system-samples.js';

const PUBLIC = { access: { kind: 'public' } } as const;
/** From memory, so that a page and its dozen files cost its reader one request of the minute. */
const UNLIMITED = { ...PUBLIC, unlimited: true } as const;
const NO_PAGE = { title: 'Page not found', text: 'There is nothing at this address.' };
const NO_FORM = {
  title: 'JavaScript is needed here',
  text: 'Your browser sent the form by itself, because it does not run the scripts of this page. Allow JavaScript for this site, then go back.',
};

/** Serves the pages and their files from memory. The root path redirects to the sign-in. */
@Injectable()
export class ConsoleServer implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: HttpConfig,
    private readonly features: ConsoleFeatures,
    private readonly samples: SystemSamples,
    private readonly changeEvents: ChangeEvents,
    private readonly mails: OutboxMails,
  ) {}

  onModuleInit(): void {
    const fastify = (
      this.host.httpAdapter as ReturnType<NestFastifyApplication['getHttpAdapter']>
    ).getInstance();
    const files = readConsoleFiles(this.features.ownPages, this.features.hasReference);
    this.serveEntries(fastify, files);
    this.serveShell(fastify, files);
    this.serveFiles(fastify, files);
    this.serveData(fastify);
    fastify.decorate('refusalPage', (request: FastifyRequest, reply: FastifyReply) =>
      this.refuse(request, reply, files),
    );
  }

  private serveEntries(fastify: FastifyInstance, { entries }: ConsoleFiles): void {
    const base = basePathOf(this.config);
    fastify.get('/', { config: PUBLIC }, (_, reply) => reply.redirect(addressBelow(base, 'login')));
    for (const page of entries) {
      fastify.get(page.path, { config: PUBLIC, onSend: answerUnchanged }, (request, reply) =>
        sendFile(request, reply, page, ASK_EACH_TIME),
      );
      redirectSlash(fastify, base, page.path);
    }
  }

  /** One page for every address of who is signed in: its script shows what belongs there. */
  private serveShell(fastify: FastifyInstance, { shells }: ConsoleFiles): void {
    const base = basePathOf(this.config);
    const serve = (path: string, depth: number): void => {
      fastify.get(path, { config: PUBLIC, onSend: answerUnchanged }, (request, reply) =>
        sendFile(request, reply, shells[depth] as StaticFile, ASK_EACH_TIME),
      );
      redirectSlash(fastify, base, path);
    };
    fastify.get('/console', { config: PUBLIC }, (_, reply) =>
      reply.redirect(addressBelow(base, 'dashboard')),
    );
    redirectSlash(fastify, base, '/console');
    const { ownPages, plurals } = this.features;
    const ofOwn = ownPages.flatMap(({ path, recordScript }) => [
      path,
      ...(recordScript ? [`${path}/:record`] : []),
    ]);
    const ofFeatures = [...plurals].flatMap((plural) => [`console/${plural}`, `console/${plural}/:record`]);
    for (const path of new Set([...ofOwn, ...ofFeatures])) serve(`/${path}`, path.split('/').length - 1);
  }

  private serveFiles(fastify: FastifyInstance, { files, version }: ConsoleFiles): void {
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

  /** What the pages are made of: no part of the documented API, since only they follow its changes. */
  private serveData(fastify: FastifyInstance): void {
    fastify.get(
      '/console/features',
      { config: { access: { kind: 'signed-in' } }, onSend: compress },
      ({ caller }) => {
        if (!caller) throw apiError('UNAUTHENTICATED');
        return { success: true, data: this.features.for(caller) };
      },
    );
    fastify.get('/console/caller', { config: { access: { kind: 'signed-in' } } }, ({ caller }) => {
      if (!caller) throw apiError('UNAUTHENTICATED');
      return { success: true, data: { permissions: [...caller.permissions] } };
    });
    fastify.get(
      '/console/mails',
      { config: { access: { kind: 'signed-in' } }, onSend: compress },
      async (request) => {
        if (!request.caller) throw apiError('UNAUTHENTICATED');
        return { success: true, data: await this.mails.shownTo(request.caller, request) };
      },
    );
    fastify.get('/console/events', { config: { access: { kind: 'signed-in' } } }, () => ({
      success: true,
      data: this.changeEvents.offeredTo('webhooks').toSorted(),
    }));
    const { waysIn } = this.features;
    fastify.get('/console/ways-in', { config: PUBLIC }, () => ({ success: true, data: waysIn }));
    fastify.get(
      '/console/system',
      { config: { access: { kind: 'permission', permission: 'users:write' } }, onSend: compress },
      () => ({ success: true, data: this.samples.report() }),
    );
  }

  /** Answers a browser, which asks for a page, with one; everybody else is answered as by the API. */
  private refuse(
    { url, method, headers }: FastifyRequest,
    reply: FastifyReply,
    { refusal }: ConsoleFiles,
  ): boolean {
    const isBrowser = /\btext\/html\b/.test(headers.accept ?? '') && !url.startsWith('/api/');
    if (!isBrowser) return false;
    const isForm = reply.statusCode === 405 && method === 'POST';
    const depth = (url.split(/[?#]/, 1)[0] ?? '').split('/').length - 2;
    void reply
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(refusal(Math.max(depth, 0), isForm ? NO_FORM : NO_PAGE));
    return true;
  }
}
