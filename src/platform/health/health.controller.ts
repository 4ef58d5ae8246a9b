import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../security/access.js';
import { Unlimited } from '../security/rate-limit.js';
import { HealthMonitor } from './health.monitor.js';

const service = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['ok', 'error', 'disabled'], example: 'ok' } },
} as const;

const healthSchema = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded', 'error'], example: 'ok' },
    timestamp: { type: 'string', format: 'date-time', example: '2026-11-22T10:00:00.000Z' },
    services: { type: 'object', properties: { database: service, redis: service, external: service } },
  },
} as const;

const stateSchema = (example: string) =>
  ({ type: 'object', properties: { status: { type: 'string', example } } }) as const;

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly monitor: HealthMonitor) {}

  @Get()
  @Public()
  @Unlimited()
  @ApiOperation({ summary: 'How the product and its services are', operationId: 'getHealth' })
  @ApiOkResponse({ description: 'The database answers', schema: healthSchema as never })
  @ApiServiceUnavailableResponse({
    description: 'The database does not answer',
    schema: healthSchema as never,
  })
  health(@Res() reply: FastifyReply): void {
    const { health } = this.monitor;
    answer(reply, health.status !== 'error', health);
  }

  @Get('live')
  @Public()
  @Unlimited()
  @ApiOperation({ summary: 'Whether the process runs', operationId: 'getLiveness' })
  @ApiOkResponse({ description: 'It runs', schema: stateSchema('ok') })
  live(@Res() reply: FastifyReply): void {
    answer(reply, true, { status: 'ok' });
  }

  @Get('ready')
  @Public()
  @Unlimited()
  @ApiOperation({ summary: 'Whether requests should be sent to this process', operationId: 'getReadiness' })
  @ApiOkResponse({ description: 'They should', schema: stateSchema('ok') })
  @ApiServiceUnavailableResponse({ description: 'They should not', schema: stateSchema('unavailable') })
  ready(@Res() reply: FastifyReply): void {
    const { isReady } = this.monitor;
    answer(reply, isReady, { status: isReady ? 'ok' : 'unavailable' });
  }
}

function answer(reply: FastifyReply, isWell: boolean, body: object): void {
  void reply
    .code(isWell ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body);
}
