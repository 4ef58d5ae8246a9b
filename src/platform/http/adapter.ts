import type { RequestMethod } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { HttpConfig } from './http.config.js';
import { basePathOf } from './public-origin.js';
import { DeclarationError } from '../errors/start-error.js';
import { type CorsHeaders, corsHeaders } from './cors.js';
import { SECURITY_HEADERS } from './headers.js';
import { installClientAddress, trustOf } from './client-address.js';
import { pathCutter } from './base-path.js';
import { MiddlewarePaths } from './bypass-checks.js';
import { sendable } from './answer-faults.js';
import { answerClientError } from './client-error.js';
import { Connections } from './connections.js';
import { fail } from './failure.js';
import { requestIdOf } from './request-id.js';

/** Maximum time for the headers, from the connection or from their first byte on. */
const HEADERS_TIMEOUT_MS = 5_000;
/** How often Node checks for late headers; its default is 30 s. */
const LOOK_EVERY_MS = 500;

/**
 * The time that Node allows for headers, which it reads several times for each check. After a pause of the process that
 * check is spared: what clients have sent in time is yet to be read.
 */
function headersTimeout(): PropertyDescriptor {
  let checkedAt = performance.now();
  let isSpared = false;
  return {
    get() {
      const passedMs = performance.now() - checkedAt;
      checkedAt += passedMs;
      if (passedMs > LOOK_EVERY_MS / 2) isSpared = passedMs > 2 * LOOK_EVERY_MS;
      return isSpared ? 0 : HEADERS_TIMEOUT_MS;
    },
  };
}

/** Limits of a form unless its route sets others. Each file is limited to BODY_LIMIT like any body. */
const FORM_LIMITS = { files: 10, fields: 100, parts: 110, fieldSize: 64 * 1024 };

const TRUSTED_BY_COUNT =
  'TRUST_PROXY is a number of proxies, so whoever reaches this port directly chooses its own address: ' +
  'let only the proxies reach it, or set TRUST_PROXY to their networks, such as 10.0.0.0/8';

type Options = Pick<HttpConfig, 'bodyLimit' | 'corsOrigins' | 'publicUrl' | 'trustProxy'>;

/** Writes the log line of an answered request. */
type WriteLine = (request: FastifyRequest, reply: FastifyReply) => void;

/** Answers a URL that the router cannot parse. No hook runs for it, so this does their work. */
function answerUnreadable(writeLine: WriteLine, corsFor: CorsHeaders) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    Object.defineProperty(request, 'clientAddress', { value: request.server.addressOf(request) });
    reply
      .headers(SECURITY_HEADERS)
      .headers(corsFor(request.headers.origin))
      .header('x-request-id', request.id);
    request.server.limit(request, reply, () => {
      fail(error, request, reply);
      writeLine(request, reply);
    });
  };
}

/**
 * The logger shared by all requests. A child per request would only add the request id, which the logger does anyway.
 */
function sharedLogger(logger: Logger): FastifyBaseLogger {
  const shared = Object.create(logger) as FastifyBaseLogger;
  shared.child = () => shared;
  return shared;
}

/** Nest on Fastify, with all limits set and all errors answered by `fail`. */
export class HttpAdapter extends FastifyAdapter {
  readonly connections: Connections;
  private readonly middleware: MiddlewarePaths;
  private usesMiddleware = false;

  constructor(
    { bodyLimit, corsOrigins, publicUrl, trustProxy }: Options,
    logger: Logger,
    writeLine: WriteLine,
  ) {
    const corsFor = corsHeaders(corsOrigins);
    const base = basePathOf({ publicUrl });
    const roots = new Set<string>();
    // Our own instance: one created by Nest looks up a version on each request.
    const server = fastify({
      loggerInstance: sharedLogger(logger),
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: requestIdOf,
      bodyLimit,
      ...(base && { rewriteUrl: pathCutter(base, roots) }),
      // For the host and scheme that a proxy reports; the address is `clientAddress`.
      trustProxy: trustOf(trustProxy) ?? false,
      http: {
        maxHeaderSize: 16 * 1024,
        connectionsCheckingInterval: LOOK_EVERY_MS,
        // Checked by `installRequestHead`, which answers in the envelope.
        requireHostHeader: false,
      },
      // `installDeadline` limits the time of a body, which depends on the route.
      requestTimeout: 0,
      connectionTimeout: 0,
      keepAliveTimeout: 65_000,
      return503OnClosing: false,
      clientErrorHandler: answerClientError(corsFor),
      frameworkErrors: answerUnreadable(writeLine, corsFor) as never,
    });
    super(server);
    Object.assign(this, { multipartOptions: { limits: FORM_LIMITS } });
    Object.defineProperty(server.server, 'headersTimeout', headersTimeout());
    this.connections = new Connections(server.server, trustOf(trustProxy));
    this.middleware = new MiddlewarePaths(server);
    server.setErrorHandler(fail);
    server.addHook('onRoute', ({ url }) => void roots.add(url.split('/')[1] ?? ''));
    installClientAddress(server, trustProxy);
    if (typeof trustProxy === 'number') logger.warn(TRUSTED_BY_COUNT);
  }

  /** Nest's middleware engine is installed only where something uses it: here for `app.use()`. */
  override async init(): Promise<void> {
    if (this.usesMiddleware) await super.init();
  }

  override use(...args: Parameters<FastifyAdapter['use']>): ReturnType<FastifyAdapter['use']> {
    this.usesMiddleware = true;
    return super.use(...args);
  }

  override async createMiddlewareFactory(
    method: RequestMethod,
  ): ReturnType<FastifyAdapter['createMiddlewareFactory']> {
    const use = await super.createMiddlewareFactory(method);
    return (path, callback) => {
      this.middleware.add(path);
      use(path, callback);
    };
  }

  override enableCors(): never {
    throw new DeclarationError('app.enableCors(): name the origins in CORS_ORIGINS instead');
  }

  override useBodyParser(): never {
    throw new DeclarationError(
      'app.useBodyParser(): bodies are JSON. Take other ones by @RawBody(), forms by FileInterceptor and its like',
    );
  }

  override reply(response: FastifyReply, body: unknown, status?: number): FastifyReply {
    if (status !== undefined) response.code(status);
    return super.reply(response, sendable(response, body)) as FastifyReply;
  }

  /** Does nothing, since `installNotFound` sets it: Nest's would answer without the envelope. */
  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance();
  }

  /** Does nothing, since it is already set: Nest's would answer without the envelope. */
  override setErrorHandler(): FastifyInstance {
    return this.getInstance();
  }
}
