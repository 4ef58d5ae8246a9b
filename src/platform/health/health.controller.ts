import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiSection } from '../docs/section.js';
import { Public } from '../security/access.js';
import { Unlimited } from '../security/rate-limit.js';
import { HealthMonitor } from './health.monitor.js';

const serviceSchema = (example: string) => ({
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok', 'error', 'disabled'], example } },
});

const healthSchema = (status: 'ok' | 'error') => ({
  type: 'object',
  required: ['status', 'timestamp', 'services'],
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded', 'error'], example: status },
    timestamp: { type: 'string', format: 'date-time', example: '2026-11-22T10:00:00.000Z' },
    services: {
      type: 'object',
      required: ['database', 'redis', 'external'],
      properties: {
        database: serviceSchema(status),
        redis: serviceSchema('disabled'),
        external: serviceSchema('disabled'),
      },
    },
  },
});

const stateSchema = (example: string) => ({
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', example } },
});

@ApiSection('health', 'For operators and orchestrators. Public and not rate limited.')
@Controller('health')
export class HealthController {
  constructor(private readonly monitor: HealthMonitor) {}

  @Get()
  @Public()
  @Unlimited()
  @ApiOperation({
    summary: 'How the product and its services are',
    description: 'Only the database makes it an error; other services degrade it.',
    operationId: 'getHealth',
  })
  @ApiOkResponse({ description: 'The database answers', schema: healthSchema('ok') })
  @ApiServiceUnavailableResponse({
    description: 'The database does not answer',
    schema: healthSchema('error'),
  })
  health(@Res() reply: FastifyReply): void {
    const { health } = this.monitor;
    answer(reply, health.status !== 'error', health);
  }

  @Get('live')
  @Public()
  @Unlimited()
  @ApiOperation({
    summary: 'Whether the process runs',
    description: 'Asks no service, so that an outage of one restarts nothing.',
    operationId: 'getLiveness',
  })
  @ApiOkResponse({ description: 'It runs', schema: stateSchema('ok') })
  live(@Res() reply: FastifyReply): void {
    answer(reply, true, { status: 'ok' });
  }

  @Get('ready')
  @Public()
  @Unlimited()
  @ApiOperation({
    summary: 'Whether requests should be sent to this process',
    description:
      'Not while the database does not answer or is older than the code, or while the process shuts down.',
    operationId: 'getReadiness',
  })
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
