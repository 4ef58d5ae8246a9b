import {
  Body,
  Catch,
  Controller,
  Get,
  HostParam,
  HttpCode,
  Injectable,
  type MiddlewareConsumer,
  type NestModule,
  Param,
  Post,
  Query,
  Render,
  Session,
  SetMetadata,
  SignedCookies,
  type Type,
  UploadedFile,
  UploadedFiles,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describe, expect, it } from '@jest/globals';
import { createApp } from '../src/app.js';
import { HealthIndicators } from '../src/platform/monitoring/health-indicators.js';
import { HealthModule } from '../src/platform/monitoring/health.module.js';
import { Answers } from '../src/platform/http/answers.js';
import { Public } from '../src/platform/access/access.js';
import { addToApp, LabDto } from './support/nest-lab.js';
import { testConfig } from './support/test-app.js';

describe('the start is refused, with what to write instead, for', () => {
  /** Why an application with this module does not start. */
  async function refusalOf(
    metadata: Parameters<typeof addToApp>[0],
    prepare: (app: NestFastifyApplication) => void = () => undefined,
    module?: Type,
  ): Promise<string> {
    const takeBack = addToApp(metadata, module);
    let app: NestFastifyApplication | undefined;
    try {
      app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
      prepare(app);
      await app.init();
      await app.getHttpAdapter().getInstance().ready();
      return 'it starts';
    } catch (error) {
      return (error as Error).message;
    } finally {
      takeBack();
      await app?.close();
    }
  }

  it.each(['api/v1/bad', 'house'])('a handler that does not say what it answers, at /%s', async (path) => {
    @Controller(path)
    class Bad {
      @Post()
      @Public()
      add(): LabDto {
        return { name: 'x' };
      }
    }
    expect(await refusalOf({ controllers: [Bad] })).toBe(
      `POST /${path}: Bad.add does not say what it answers. Write @Answers(Dto) above it (if it creates something, ` +
        "@Answers(Dto, { status: 201 }) with @CreateOnce() as a parameter), @AnswersMessage('…') if it returns " +
        "nothing, or @AnswersRaw('text/csv') for streams, files and other types",
    );
  });

  it('two statuses of one handler', async () => {
    @Controller('api/v1/bad')
    class Bad {
      @Get()
      @HttpCode(202)
      @Public()
      @Answers(LabDto)
      get(): LabDto {
        return { name: 'x' };
      }
    }
    expect(await refusalOf({ controllers: [Bad] })).toMatch(
      /^Bad\.get: @HttpCode\(202\) .*@Answers\(Dto, \{ status: 202 \}\)/,
    );
  });

  it.each([
    [
      '@Param()',
      (dto: Type) => Param('id')(dto.prototype as object, 'take', 0),
      String,
      '@RecordId() id!: string',
    ],
    [
      '@Query()',
      (dto: Type) => Query('size')(dto.prototype as object, 'take', 0),
      Number,
      '@Query() { size }: Sent',
    ],
    [
      '@Body()',
      (dto: Type) => Body('name')(dto.prototype as object, 'take', 0),
      String,
      '@Body() { name }: Sent',
    ],
    [
      '@Body()',
      (dto: Type) => Body()(dto.prototype as object, 'take', 0),
      Array,
      '@Type(() => Item) items!: Item[]',
    ],
    [
      '@Body()',
      (dto: Type) => Body()(dto.prototype as object, 'take', 0),
      Object,
      'import it without `type`',
    ],
  ])('a part of %s that could not be checked', async (_, decorate, type, line) => {
    class Bad {
      take(): LabDto {
        return { name: 'x' };
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Bad.prototype, 'take') ?? {};
    decorate(Bad);
    Reflect.defineMetadata('design:paramtypes', [type], Bad.prototype, 'take');
    for (const each of [Answers(LabDto), Public(), Post()]) each(Bad.prototype, 'take', descriptor);
    Controller('api/v1/bad')(Bad);
    const refusal = await refusalOf({ controllers: [Bad] });
    expect(refusal).toMatch(/^Bad\.take: /);
    expect(refusal).toContain(line);
  });

  it.each([
    ['@UploadedFile()', UploadedFile(), 'FileInterceptor'],
    ['@UploadedFile()', UploadedFiles(), 'FilesInterceptor'],
    ['@HostParam()', HostParam('tenant'), 'host: '],
    ['@Session()', Session(), 'request.session'],
    ['@SignedCookies()', SignedCookies('cart'), 'cookies: { secret }'],
  ])('%s that nothing fills', async (name, decorator, instead) => {
    @Controller('api/v1/bad')
    class Bad {
      @Post()
      @Public()
      @Answers(LabDto)
      take(): LabDto {
        return { name: 'x' };
      }
    }
    decorator(Bad.prototype, 'take', 0);
    const refusal = await refusalOf({ controllers: [Bad] });
    expect(refusal).toMatch(`Bad.take: ${name} gets nothing: `);
    expect(refusal).toContain(instead);
  });

  it('a view without an engine', async () => {
    @Controller('pages')
    class Pages {
      @Get()
      @Public()
      @Render('start')
      get(): object {
        return {};
      }
    }
    expect(await refusalOf({ controllers: [Pages] })).toMatch(
      /^Pages\.get: @Render\(\) gets nothing: .*@fastify\/view/,
    );
  });

  it('a wildcard within a path', async () => {
    @Controller('api/v1/bad')
    class Bad {
      @Get(['parts/*path', '*path/parts'])
      @Public()
      @Answers(LabDto)
      get(): LabDto {
        return { name: 'x' };
      }
    }
    expect(await refusalOf({ controllers: [Bad] })).toMatch(
      /^Bad\.get has a wildcard before the end of its path, api\/v1\/bad\/\*path\/parts: .*:name/,
    );
  });

  it('a WebSocket gateway', async () => {
    // What `@WebSocketGateway()` does; its package is not installed.
    @SetMetadata('websockets:is_gateway', true)
    @Injectable()
    class Chat {}
    expect(await refusalOf({ providers: [Chat] })).toMatch(/^Chat is a WebSocket gateway, .*@Sse\(\)/);
  });

  it('a filter that would answer without codes', async () => {
    @Catch()
    class Mine extends BaseExceptionFilter {}
    expect(await refusalOf({ providers: [{ provide: APP_FILTER, useClass: Mine }] })).toBe(
      'Mine extends BaseExceptionFilter, whose responses have no codes: write `extends FailureFilter`',
    );
  });

  it('middleware that would never run', async () => {
    class Unused implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply((_: object, __: object, next: () => void) => next()).forRoutes('api/v1/user');
      }
    }
    expect(await refusalOf({}, undefined, Unused)).toMatch(
      /^forRoutes\('\/api\/v1\/user'\) matches no route.*'\/api\/v1\/user\/\*path'/,
    );
  });

  it.each([
    [
      'versions by a header',
      (app: NestFastifyApplication) =>
        app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
      /^app\.enableVersioning\(\): versions are part of the path/,
    ],
    [
      'a global prefix',
      (app: NestFastifyApplication) => app.setGlobalPrefix('backend'),
      /^app\.setGlobalPrefix\(\): .*PUBLIC_URL/,
    ],
    ['CORS', (app: NestFastifyApplication) => app.enableCors(), /CORS_ORIGINS/],
    ['body parsers', (app: NestFastifyApplication) => app.useBodyParser('text/plain'), /@RawBody\(\)/],
  ])('%s of main.ts', async (_, prepare, refusal) => {
    expect(await refusalOf({}, prepare)).toMatch(refusal);
  });

  it('a version beside a path that has one', async () => {
    @Controller({ path: 'api/v1/bad', version: '2' })
    class Bad {
      @Get()
      get(): void {}
    }
    expect(await refusalOf({ controllers: [Bad] })).toContain(
      "@Controller({ path: 'tickets', version: '2' })",
    );
  });

  it('two health indicators of one name', async () => {
    @Injectable()
    class Again {
      constructor(indicators: HealthIndicators) {
        indicators.add('redis', () => ({}));
      }
    }
    expect(await refusalOf({ imports: [HealthModule], providers: [Again] })).toMatch(
      /^\/health has .* redis already/,
    );
  });
});
