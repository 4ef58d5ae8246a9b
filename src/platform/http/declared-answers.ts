import { StreamableFile } from '@nestjs/common';
import {
  HTTP_CODE_METADATA,
  REDIRECT_METADATA,
  RENDER_METADATA,
  SSE_METADATA,
} from '@nestjs/common/constants.js';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig, RouteOptions } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { type Handler, hasResponse } from './handlers.js';
import { routeConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler that serves the route: `ProjectsController.create`. */
    handler?: string;
    /** It sends its own answer, without the envelope. */
    isRaw?: boolean;
  }
}

/** Metadata of handlers that answer by themselves. */
const RAW = [SSE_METADATA, REDIRECT_METADATA, RENDER_METADATA];

/**
 * Tells Fastify which handler serves a route, and whether it answers by itself. To be called before routes are
 * declared.
 * @throws DeclarationError for a handler whose status is declared twice
 */
export function noteAnswers(handlers: readonly Handler[]): void {
  for (const handler of handlers) {
    const { title, prototype, name, method } = handler;
    const returns: unknown = Reflect.getMetadata('design:returntype', prototype, name);
    const isRaw =
      hasResponse(handler) ||
      returns === StreamableFile ||
      RAW.some((key) => Reflect.hasMetadata(key, method));
    const isEvents = Reflect.hasMetadata(SSE_METADATA, method);
    routeConfig({ handler: title, ...(isRaw && { isRaw }), ...(isEvents && { isEvents }) })(prototype, name, {
      value: method,
    });
    const { answer } = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, method) as FastifyContextConfig;
    const status = Reflect.getMetadata(HTTP_CODE_METADATA, method) as number | undefined;
    if (answer && answer.status !== status) {
      throw new DeclarationError(
        `${title}: @HttpCode(${status}) contradicts its answer of ${answer.status}: write @Answers(Dto, { status: ${status} }) without @HttpCode`,
      );
    }
  }
}

/** Refuses a handler's route, wherever it is, that declares neither an answer nor that it sends its own. */
export function refuseUndeclared({ method, url, config }: RouteOptions): void {
  if (!config?.handler || config.isRaw) return;
  throw new DeclarationError(
    `${String(method)} ${url}: ${config.handler} does not say what it answers. Write @Answers(Dto) above it ` +
      '(if it creates something, @Answers(Dto, { status: 201 }) with @CreateOnce() as a parameter), ' +
      "@AnswersMessage('…') if it returns nothing, or @AnswersRaw('text/csv') for streams, files and other types",
  );
}
