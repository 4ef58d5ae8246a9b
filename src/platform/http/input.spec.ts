import { afterAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post, Query, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify, { type FastifyInstance } from 'fastify';
import { ApiError } from '../errors/errors.js';
import { MAX_VALUES } from '../validation/bounds.js';
import { Name, QueryInteger } from '../validation/fields.js';
import { type Input, installInput, noteInput } from './input.js';
import { handlersOf } from './handlers.js';

class NameDto {
  @Name(10)
  name!: string;
}

class SizeQuery {
  @QueryInteger(1, 10)
  size: number = 5;
}

const servers: FastifyInstance[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

/** A server whose one route answers what its handler was given, or the error. */
function serverFor(input: Input): FastifyInstance {
  const server = fastify();
  servers.push(server);
  server.setErrorHandler((error, _, reply) => {
    const { code, details } = error as ApiError;
    return reply.code(error instanceof ApiError ? error.status : 500).send({ code, details });
  });
  installInput(server);
  server.post('/:name', { config: { input } }, ({ params, query, body }) => ({
    given: { params, query, body },
    classes: [params, query, body].map((part) => part?.constructor?.name),
  }));
  return server;
}

async function send(input: Input, url: string, body?: unknown): Promise<unknown> {
  const payload = body === undefined ? {} : { payload: body as object };
  return (await serverFor(input).inject({ method: 'POST', url, ...payload })).json();
}

const unknown = (path: string) => ({ path, message: 'is not a known field' });

describe('the input of a handler', () => {
  it('is made of path, query and body', async () => {
    const input = { params: NameDto, query: SizeQuery, body: NameDto };
    expect(await send(input, '/%20Ada%20?size=7', { name: ' Bob ' })).toEqual({
      given: { params: { name: 'Ada' }, query: { size: 7 }, body: { name: 'Bob' } },
      classes: ['NameDto', 'SizeQuery', 'NameDto'],
    });
  });

  it('tells every fault of all parts together', async () => {
    const input = { params: NameDto, query: SizeQuery, body: NameDto };
    expect(await send(input, `/${'x'.repeat(11)}?size=0&other=1`, { title: 1 })).toEqual({
      code: 'VALIDATION_ERROR',
      details: [
        { path: 'name', message: expect.stringContaining('10') },
        unknown('other'),
        { path: 'size', message: expect.stringContaining('1') },
        unknown('title'),
        { path: 'name', message: 'name is required' },
      ],
    });
  });

  it.each(['100%', '%zz', '%ff', '%C3', '%ED%A0%80'])('is refused with %s in its query', async (text) => {
    expect(await send({ query: NameDto }, `/x?name=${text}`)).toEqual({
      code: 'VALIDATION_ERROR',
      details: [{ path: 'url', message: 'must be UTF-8, percent-encoded' }],
    });
  });

  it('must be there where a body is taken', async () => {
    expect(await send({ body: NameDto }, '/x')).toEqual({
      code: 'VALIDATION_ERROR',
      details: [{ path: '', message: 'must be a JSON object' }],
    });
  });

  it('must not be there where none is taken', async () => {
    const refused = (details: object[]) => ({ code: 'VALIDATION_ERROR', details });
    expect(await send({}, '/x?a=1', { b: 1 })).toEqual(refused([unknown('a'), unknown('b')]));
    expect(await send({}, '/x', [1])).toEqual(refused([{ path: '', message: 'must be empty' }]));
    expect(await send({}, '/x')).toMatchObject({ given: { params: { name: 'x' } } });
  });

  it('is refused before any of its fields is looked at when it is out of bounds', async () => {
    const tooMany = Object.fromEntries(
      Array.from({ length: MAX_VALUES + 1 }, (_, index) => [`k${index}`, 1]),
    );
    expect(await send({ body: NameDto }, '/x', tooMany)).toEqual({
      code: 'VALIDATION_ERROR',
      details: [{ path: '', message: expect.stringContaining('too many values') }],
    });
  });
});

describe('what a handler takes', () => {
  const noted = async (controller: new () => object) => {
    @Module({ controllers: [controller] })
    class TestModule {}
    const adapter = new FastifyAdapter();
    const inputs: Record<string, Input | undefined> = {};
    adapter.getInstance().addHook('onRoute', ({ method, url, config }) => {
      if (method !== 'HEAD') inputs[`${String(method)} ${url}`] = config?.input;
    });
    const app = await NestFactory.create(TestModule, adapter, { logger: false, abortOnError: false });
    noteInput(handlersOf(app));
    await app.init();
    await app.close();
    return inputs;
  };

  it('is read from its parameters', async () => {
    @Controller('things')
    class Things {
      @Post()
      add(@Query() _query: SizeQuery, @Body() _body: NameDto): void {}

      @Get()
      list(): void {}

      @Get('raw')
      raw(@Res() _reply: object): void {}
    }
    expect(await noted(Things)).toEqual({
      'POST /things': { query: SizeQuery, body: NameDto },
      'GET /things': {},
      'GET /things/raw': {},
    });
  });

  it('stops the start when it is no class, or only a part of one', async () => {
    @Controller()
    class NoClass {
      @Post()
      add(@Body() _body: { name: string }): void {}
    }
    @Controller()
    class OnePart {
      @Get()
      list(@Query('size') _size: string): void {}
    }
    await expect(noted(NoClass)).rejects.toThrow('NoClass.add: @Body() has a type that is gone');
    await expect(noted(OnePart)).rejects.toThrow(
      "OnePart.list: @Query('size') names no class whose rules could be checked. Write class Sent { @IsString() size!: string } and take @Query() { size }: Sent",
    );
  });
});
