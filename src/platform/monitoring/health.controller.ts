import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiSection } from '../docs/section.js';
import { Public } from '../access/access.js';
import { Unlimited } from '../limits/rate-limit.js';
import { AnyInput } from '../http/input.js';
import { HealthMonitor } from './health.monitor.js';

const SERVICE = {
  title: 'ServiceHealth',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok', 'error', 'disabled'] } },
};

const HEALTH = {
  title: 'Health',
  type: 'object',
  required: ['status', 'timestamp', 'services'],
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded', 'error'] },
    timestamp: { type: 'string', format: 'date-time' },
    services: {
      title: 'Services',
      type: 'object',
      required: ['database', 'redis', 'external'],
      properties: {
        database: SERVICE,
        redis: SERVICE,
        external: SERVICE,
      },
      // What features add.
      additionalProperties: SERVICE,
    },
  },
};

/** @param status of the database */
const healthOf = (status: 'ok' | 'error') => ({
  'application/json': {
    schema: HEALTH,
    example: {
      status,
      timestamp: '2026-11-22T10:00:00.000Z',
      services: { database: { status }, redis: { status: 'disabled' }, external: { status: 'disabled' } },
    },
  },
});

const STATE = {
  title: 'State',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok', 'unavailable'] } },
};

const stateOf = (status: 'ok' | 'unavailable') => ({
  'application/json': { schema: STATE, example: { status } },
});

@ApiSection('health', 'For operators and orchestrators. Public and not rate limited.', 'operation')
@Controller('health')
export class HealthController {
  constructor(private readonly monitor: HealthMonitor) {}

  @Get()
  @Public()
  @Unlimited()
  @AnyInput()
  @ApiOperation({
    summary: 'How the product and its services are',
    description:
      'The database, and what features cannot do without, make it an error; other services degrade it.',
    operationId: 'getHealth',
  })
  @ApiOkResponse({ description: 'The database answers', content: healthOf('ok') })
  @ApiServiceUnavailableResponse({
    description: 'The database does not answer',
    content: healthOf('error'),
  })
  health(@Res() reply: FastifyReply): void {
    const { health } = this.monitor;
    answer(reply, health.status !== 'error', health);
  }

  @Get('live')
  @Public()
  @Unlimited()
  @AnyInput()
  @ApiOperation({
    summary: 'Whether the process runs',
    description: 'Asks no service, so that an outage of one restarts nothing.',
    operationId: 'getLiveness',
  })
  @ApiOkResponse({ description: 'It runs', content: stateOf('ok') })
  live(@Res() reply: FastifyReply): void {
    answer(reply, true, { status: 'ok' });
  }

  @Get('ready')
  @Public()
  @Unlimited()
  @AnyInput()
  @ApiOperation({
    summary: 'Whether requests should be sent to this process',
    description:
      'Not while the database does not answer or is older than the code, or while the process shuts down.',
    operationId: 'getReadiness',
  })
  @ApiOkResponse({ description: 'They should', content: stateOf('ok') })
  @ApiServiceUnavailableResponse({ description: 'They should not', content: stateOf('unavailable') })
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
