import 'reflect-metadata';
import { VersioningType } from '@nestjs/common';
import { APP_FILTER, ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import type { Config } from './platform/config/config.js';
import { ProcessConfig } from './platform/config/process.config.js';
import { ChangeFeed } from './platform/database/change-feed.js';
import { Database } from './platform/database/connection.js';
import { References } from './platform/database/references.js';
import { Repositories } from './platform/database/repositories.js';
import { missingProvider } from './platform/errors/missing-providers.js';
import { requireNeededModules } from './platform/errors/needed-modules.js';
import { HttpConfig } from './platform/http/http.config.js';
import { HttpAdapter } from './platform/http/adapter.js';
import { installAnswers } from './platform/http/answers.js';
import { refuseBypasses } from './platform/http/bypass-checks.js';
import { prepareAcceptors } from './platform/http/acceptors.js';
import { installClosing } from './platform/http/closing.js';
import { noteAnswers } from './platform/http/declared-answers.js';
import { installDeadline } from './platform/http/deadline.js';
import { FailureFilter } from './platform/http/failure.js';
import { installNotFound } from './platform/http/not-found.js';
import { IdempotencyKeys } from './platform/idempotency/idempotency-keys.js';
import { installIdempotency } from './platform/idempotency/once.js';
import { installPreconditions } from './platform/http/entity-tag.js';
import { installRequestId } from './platform/http/request-id.js';
import { LoggingConfig } from './platform/logging/logging.config.js';
import { createLoggers } from './platform/logging/logger.js';
import { FrameworkLogger } from './platform/logging/framework-logger.js';
import { createRequestLog, installRequestLog } from './platform/logging/request-log.js';
import { HealthMonitor } from './platform/monitoring/health.monitor.js';
import { installMetrics } from './platform/monitoring/metrics.js';
import { handlersOf } from './platform/http/handlers.js';
import { Authenticator, installAccess, readmit } from './platform/access/access.js';
import { Memberships } from './platform/access/memberships.js';
import { installBodyParser } from './platform/http/body-parser.js';
import { installCors } from './platform/http/cors.js';
import { UnderWay } from './platform/http/requests-under-way.js';
import { refuseUnfilled } from './platform/http/decorator-checks.js';
import { installHeaders } from './platform/http/headers.js';
import { installRequestHead } from './platform/http/request-head.js';
import { LimitsConfig } from './platform/limits/limits.config.js';
import { installRateLimit } from './platform/limits/rate-limit.js';
import { SharedWindows } from './platform/limits/shared-windows.js';
import { installSameOrigin } from './platform/http/same-origin.js';
import { installInput, noteInput } from './platform/http/input.js';

/** Nest asks the filter that was registered first last, so this one comes before all modules. */
const LAST_RESORT = { provide: APP_FILTER, useClass: FailureFilter };
class Root {}

/**
 * Builds the application, for production, tests and tools alike. It connects to nothing until it is initialised or
 * listens.
 *
 * The order of the hooks is the way of a request: log, id, headers, deadline, address, limits, who it is, its shape;
 * then Nest: handler, answer.
 *
 * @param destination where log lines go; standard output by default
 */
export async function createApp(
  config: Config,
  destination?: DestinationStream,
): Promise<NestFastifyApplication> {
  const http = config.of(HttpConfig);
  const { mode, shutdownGraceMs, drainMs } = config.of(ProcessConfig);
  const loggers = createLoggers({ ...config.of(LoggingConfig), mode }, destination);
  const { logger, records } = loggers;
  const logRequest = createRequestLog(records);
  const adapter = new HttpAdapter(http, logger, logRequest);
  const root = { module: Root, imports: [AppModule.forRoot(config, loggers)], providers: [LAST_RESORT] };
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new FrameworkLogger(logger),
  }).catch((error: unknown) => {
    throw missingProvider(error, root) ?? error;
  });
  app.enableVersioning({ type: VersioningType.URI, prefix: 'api/v' });
  requireNeededModules(new Set([...app.get(ModulesContainer).values()].map(({ name }) => name)));
  app.get(References, { strict: false }).check();
  const fastify = adapter.getInstance();
  const database = app.get(Database, { strict: false });
  const authenticator = app.get(Authenticator, { strict: false });
  const memberships = app.get(Memberships, { strict: false });
  const underWay = new UnderWay();
  installRequestLog(fastify, logRequest);
  installRequestId(fastify);
  installHeaders(fastify);
  const health = app.get(HealthMonitor, { strict: false });
  installClosing(fastify, adapter.connections, () => health.isDraining);
  installDeadline(fastify, {
    databaseAnswers: () => database.answers(),
    shutdownGraceMs: shutdownGraceMs - drainMs,
    readmit: (request) => readmit(authenticator, memberships, request),
    underWay,
  });
  prepareAcceptors(fastify);
  fastify.decorate('hasDatabaseAnswered', () => database.queue.hasAnsweredWithin(500));
  const changeFeed = app.get(ChangeFeed, { strict: false });
  installMetrics(fastify, { underWay, database: database.queue, changeFeed });
  if (http.corsOrigins.length > 0) installCors(fastify, http.corsOrigins);
  installRequestHead(fastify, config);
  installRateLimit(fastify, config.of(LimitsConfig).rateLimitMax, app.get(SharedWindows, { strict: false }));
  installNotFound(fastify);
  installSameOrigin(fastify, http);
  const { permissions } = app.get(Repositories, { strict: false });
  installAccess(fastify, config, authenticator, permissions, memberships);
  installBodyParser(fastify);
  const handlers = handlersOf(app);
  refuseBypasses(app, handlers);
  refuseUnfilled(app, fastify, handlers);
  noteInput(handlers);
  noteAnswers(handlers);
  installPreconditions(fastify);
  installInput(fastify);
  installIdempotency(fastify, app.get(IdempotencyKeys, { strict: false }));
  installAnswers(fastify, config);
  return app;
}
