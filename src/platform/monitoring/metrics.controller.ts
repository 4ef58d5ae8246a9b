import { hash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProcessConfig } from '../config/process.config.js';
import { MonitoringConfig } from './monitoring.config.js';
import { apiError } from '../errors/errors.js';
import { Public } from '../access/access.js';
import { Unlimited } from '../limits/rate-limit.js';
import { AnyInput } from '../http/input.js';

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** Whether the socket itself is local and nobody forwarded the request: no header can claim this. */
export function isLocal({ raw, headers }: FastifyRequest): boolean {
  const address = raw.socket.remoteAddress ?? '';
  const isForwarded = Object.keys(headers).some(
    (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
  );
  return !isForwarded && (address === '::1' || /^(::ffff:)?127\./.test(address));
}

/** What Prometheus scrapes. Not public: a token, or in development the machine itself. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly config: MonitoringConfig,
    private readonly process: ProcessConfig,
  ) {}

  @Get()
  @Public()
  @Unlimited()
  @AnyInput()
  @ApiExcludeEndpoint()
  async metrics(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.admit(request);
    const { metricsRegistry } = request.server;
    await reply.type(metricsRegistry.contentType).send(await metricsRegistry.metrics());
  }

  /** @throws ApiError UNAUTHENTICATED, or ROUTE_NOT_FOUND where metrics are not offered */
  private admit(request: FastifyRequest): void {
    const { metricsToken } = this.config;
    const { mode } = this.process;
    if (metricsToken === undefined) {
      if (mode !== 'production' && isLocal(request)) return;
      throw apiError('ROUTE_NOT_FOUND');
    }
    const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!isSame(token, metricsToken)) throw apiError('UNAUTHENTICATED');
  }
}
