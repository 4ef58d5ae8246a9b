import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { DomainEvents } from './events.js';
import type { Loggers } from './logger.js';

/**
 * Structured logs: `PinoLogger` for technical lines, `DomainEvents` for what happened.
 * nestjs-pino's middleware is not used: one Fastify hook writes the line of a request.
 */
@Module({})
export class LoggingModule {
  static forRoot({ logger, records }: Loggers): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      imports: [LoggerModule.forRoot({ pinoHttp: { logger }, forRoutes: [] })],
      providers: [{ provide: DomainEvents, useValue: new DomainEvents(records) }],
      exports: [DomainEvents],
    };
  }
}
