import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  type MiddlewareConsumer,
  type NestModule,
  ValidationPipe,
} from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import {
  HealthCheck,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
  TerminusModule,
} from '@nestjs/terminus';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { map, type Observable } from 'rxjs';
import { HealthIndicators } from '../src/platform/monitoring/health-indicators.js';
import { HealthModule } from '../src/platform/monitoring/health.module.js';
import { Answers, AnswersRaw } from '../src/platform/http/answers.js';
import { Public } from '../src/platform/access/access.js';
import { eventually } from './support/mails.js';
import { addToApp, LabDto } from './support/nest-lab.js';
import { PASSWORD, untilTaken } from './support/test-client.js';
import { createTestApp, type TestApp } from './support/test-app.js';

/** Whether what the features of this file need is there. */
const up = { storage: true, printer: true, licence: true };

@Injectable()
class Indicators {
  constructor(
    private readonly results: HealthIndicatorService,
    indicators: HealthIndicators,
  ) {
    indicators.add('storage', () => this.isHealthy('storage'));
    indicators.add('printer', () => this.isHealthy('printer'), { optional: true });
    indicators.add('licence', () => this.isHealthy('licence'), { readiness: true });
  }

  async isHealthy(name: keyof typeof up): Promise<HealthIndicatorResult> {
    const result = this.results.check(name);
    return Promise.resolve(up[name] ? result.up() : result.down({ host: 'secret.example' }));
  }
}

@Controller('api/v1/start')
class StartController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: Indicators,
  ) {}

  @Get('health')
  @Public()
  @HealthCheck({ swaggerDocumentation: false })
  @AnswersRaw('application/json')
  async check(): Promise<object> {
    return this.health.check([() => this.indicators.isHealthy('storage')]);
  }

  @Get('things/:id')
  @Public()
  @Answers(LabDto)
  thing(): LabDto {
    return { name: 'thing' };
  }
}

@Controller({ path: 'start', version: '2' })
class SecondController {
  @Get('things/:id')
  @Public()
  @Answers(LabDto)
  thing(): LabDto {
    return { name: 'second thing' };
  }
}

class StartModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => {
        response.setHeader('x-middleware', 'ran');
        next(request.headers['x-refuse'] === undefined ? undefined : new ForbiddenException('Not today'));
      })
      .forRoutes(StartController, 'api/v1/projects/*path');
  }
}

const heard: unknown[] = [];

/** A job whose end another part of the feature hears of. */
@Injectable()
class Jobs {
  constructor(private readonly events: EventEmitter2) {}

  @Interval(5)
  tick(): void {
    this.events.emit('job.done', { rows: 3 });
  }

  @OnEvent('job.done')
  hear(event: unknown): void {
    heard.push(event);
  }
}

addToApp(
  {
    imports: [
      TerminusModule.forRoot({ logger: false }),
      HealthModule,
      ScheduleModule.forRoot(),
      EventEmitterModule.forRoot(),
    ],
    controllers: [StartController, SecondController],
    providers: [Indicators, Jobs],
  },
  StartModule,
);

class MarkedGuard {
  canActivate(context: ExecutionContext): boolean {
    return (
      context.switchToHttp().getRequest<{ headers: object }>().headers['x-forbidden' as never] === undefined
    );
  }
}

class Louder {
  intercept(_: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    return next
      .handle()
      .pipe(
        map((dto) =>
          dto instanceof Object && 'name' in dto ? { ...dto, name: `${String(dto.name)}!` } : dto,
        ),
      );
  }
}

describe('an application as main.ts and its modules set it up', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({}, (app) => {
      app.useGlobalGuards(new MarkedGuard());
      app.useGlobalInterceptors(new Louder());
      app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
      app.use((_: unknown, response: ServerResponse, next: () => void) => {
        response.setHeader('x-everywhere', 'ran');
        next();
      });
    });
  });
  afterAll(() => test.close());

  it('uses global guards and interceptors', async () => {
    const url = '/api/v1/start/things/1';
    expect((await test.anonymous.get(url)).body.data).toEqual({ name: 'thing!' });
    expect((await test.anonymous.get(url, { 'x-forbidden': '1' })).outcome).toBe('403 FORBIDDEN');
  });

  it('uses global pipes after its own check', async () => {
    const credentials = { email: 'ada@example.com', password: PASSWORD };
    expect((await test.anonymous.post('/api/v1/auth/register', credentials)).status).toBe(201);
    const { outcome, body } = await test.anonymous.post('/api/v1/auth/register', {
      ...credentials,
      other: 1,
    });
    expect([outcome, body.details]).toMatchObject(['400 VALIDATION_ERROR', [{ path: 'other' }]]);
  });

  it('serves a second version beside the first', async () => {
    expect((await test.anonymous.get('/api/v2/start/things/1')).body.data).toEqual({ name: 'second thing!' });
    const pathsOf = async (url: string) =>
      Object.keys(((await test.anonymous.get(url)).body as { paths: object }).paths);
    expect(await pathsOf('/docs/v2/json')).toEqual(['/api/v2/start/things/{id}']);
    const first = await pathsOf('/docs/json');
    expect(first).toContain('/api/v1/start/things/{id}');
    expect(first.filter((path) => path.startsWith('/api/v2'))).toEqual([]);
    expect((await test.anonymous.get('/docs/v3/json')).outcome).toBe('404 ROUTE_NOT_FOUND');
  });

  it('runs middleware for the routes that it names, before it is known who calls', async () => {
    const ranFor = async (url: string) => (await test.anonymous.get(url)).headers['x-middleware'];
    expect(await ranFor('/api/v1/start/things/1')).toBe('ran');
    expect(await ranFor('/api/v1/projects/66f1a0c2e4b0a1b2c3d4e5f6')).toBe('ran');
    expect(await ranFor('/api/v1/users')).toBeUndefined();
    const refused = await test.anonymous.get('/api/v1/projects/1', { 'x-refuse': '1' });
    expect([refused.outcome, refused.body.error]).toEqual(['403 FORBIDDEN', 'Not today']);
  });

  it('runs middleware of app.use() for every route', async () => {
    for (const url of ['/api/v1/start/things/1', '/api/v1/users', '/health/live']) {
      expect([url, (await test.anonymous.get(url)).headers['x-everywhere']]).toEqual([url, 'ran']);
    }
  });

  it('tells in /health how the services of features are', async () => {
    const tells = (status: string, services: object) =>
      eventually(async () => {
        await test.app.get(HealthIndicators, { strict: false }).check();
        const { body } = await test.anonymous.get('/health');
        return body.status === status && expect(body.services).toMatchObject(services) === undefined;
      });
    await tells('ok', { storage: { status: 'ok' }, printer: { status: 'ok' } });
    up.licence = false;
    await tells('error', { licence: { status: 'error' } });
    expect((await test.anonymous.get('/health/ready')).status).toBe(503);
    up.licence = true;
    up.printer = false;
    await tells('degraded', { printer: { status: 'error' } });
    up.storage = false;
    await tells('error', { storage: { status: 'error' } });
    const { status, text } = await test.anonymous.get('/health');
    expect([status, text.includes('secret')]).toEqual([503, false]);
    expect((await test.anonymous.get('/health/ready')).status).toBe(200);
  });

  it('answers 503 with its row for a health check of one’s own', async () => {
    up.storage = false;
    const { outcome, body, text } = await untilTaken(
      () => test.anonymous.get('/api/v1/start/health'),
      (answer) => answer.outcome === '503 SERVER_HELD_UP',
    );
    expect([outcome, body.details]).toEqual([
      '503 SERVICE_UNAVAILABLE',
      [{ path: 'storage', message: 'is down' }],
    ]);
    expect(text).not.toContain('secret');
  });

  it('runs jobs of @nestjs/schedule, and tells listeners of @nestjs/event-emitter', async () => {
    expect(await eventually(() => heard[0] as object | undefined)).toEqual({ rows: 3 });
  });
});
