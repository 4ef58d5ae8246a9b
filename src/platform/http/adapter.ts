import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { SECURITY_HEADERS } from '../security/headers.js';
import { answerClientError } from './client-error.js';
import { fail } from './failure.js';
import { requestIdOf } from './request-id.js';

/** Longest time in which a client may send its headers, and its whole request. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;

type Options = Pick<Config, 'bodyLimit' | 'trustProxy'>;

/** Fastify's form of TRUST_PROXY: so many hops, these networks, or nobody. */
function proxyTrust(trusted: Options['trustProxy']) {
  if (typeof trusted === 'number') return (_address: string, hop: number) => hop < trusted;
  return trusted ? [...trusted] : false;
}

/** Writes the log line of a request that was answered. */
type WriteLine = (request: FastifyRequest, reply: FastifyReply) => void;

/** Answers an address that the router cannot read. No hook runs for it, so this does what they would. */
function answerUnreadable(writeLine: WriteLine) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    fail(error, request, reply);
    writeLine(request, reply);
  };
}

/**
 * The logger that every request has. A child for each request would only add the request's id, which the logger
 * does by itself.
 */
function sharedLogger(logger: Logger): FastifyBaseLogger {
  const shared = Object.create(logger) as FastifyBaseLogger;
  shared.child = () => shared;
  return shared;
}

/** Nest on Fastify, with every bound set and every way out through `fail`. */
export class HttpAdapter extends FastifyAdapter {
  constructor({ bodyLimit, trustProxy }: Options, logger: Logger, writeLine: WriteLine) {
    // An instance of our own: one that Nest makes looks for a version at each request.
    const server = fastify({
      loggerInstance: sharedLogger(logger),
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: requestIdOf,
      bodyLimit,
      trustProxy: proxyTrust(trustProxy),
      http: { maxHeaderSize: 16 * 1024, headersTimeout: HEADERS_TIMEOUT_MS },
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: 0,
      keepAliveTimeout: 65_000,
      return503OnClosing: false,
      clientErrorHandler: answerClientError,
      frameworkErrors: answerUnreadable(writeLine) as never,
    });
    super(server);
    server.server.maxConnections = 10_000;
    server.setErrorHandler(fail);
  }

  /** Nothing to do: Nest would install its middleware, which is not used. Fastify's hooks run before it and cost less. */
  override async init(): Promise<void> {}

  /** Set by `installNotFound`: Nest would answer with a body of its own. */
  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance();
  }

  /** Already set: Nest would answer with a body of its own. */
  override setErrorHandler(): FastifyInstance {
    return this.getInstance();
  }
}
