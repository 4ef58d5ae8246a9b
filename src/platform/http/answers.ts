import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiProduces, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import fastJson from 'fast-json-stringify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { describe, isDto } from '../validation/describe.js';
import { type JsonSchema, schemaOf } from '../validation/json-schema.js';
import type { Constructor } from '../validation/rules.js';
import { checkedSerialize, type Declared, warnOfUnsent } from './answer-faults.js';
import type { Config } from '../config/config.js';
import { ProcessConfig } from '../config/process.config.js';
import { HttpConfig } from './http.config.js';
import { basePathOf } from './public-origin.js';
import { compress } from './compression.js';
import { refuseUndeclared } from './declared-answers.js';
import { answerUnchanged, tagWithVersion } from './entity-tag.js';
import { definitionOf, type ErrorCode, type ErrorDefinition } from '../errors/errors.js';
import { paginationSchema } from '../validation/page-query.js';
import { routeConfig } from './route-config.js';

/** What a handler answers, and which errors it may answer instead. */
export interface Answer {
  readonly status: number;
  /** Serialises what the handler returned, including the envelope, in one pass. */
  readonly serialize?: (payload: unknown) => string;
  /** What `serialize` takes. */
  readonly declared?: Declared;
  /** The whole body, if the handler returns nothing. */
  readonly body?: string;
  /** The record has a version, which is sent as its ETag. */
  readonly versioned: boolean;
  /** Path of created records, without the id; by default the route's own. */
  readonly location?: string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    answer?: Answer;
  }
}

/** Errors specific to this route: the general ones (401, 429, …) follow from its other declarations. */
type OwnErrors = readonly (ErrorCode | ErrorDefinition)[];

interface Options {
  /** 200 by default. */
  readonly status?: number;
  readonly errors?: OwnErrors;
  /** For 201 and 202, if the record is not below the path that created it: `/api/v1/users`. */
  readonly location?: string;
}

type Done = (error: null, payload: unknown) => void;

const success = { type: 'boolean', enum: [true] } as const;

/** Documents the DTO classes that a handler takes. */
const describeParameters: MethodDecorator = (target, property) => {
  const types = (Reflect.getMetadata('design:paramtypes', target, property) ?? []) as Constructor[];
  for (const type of types) if (isDto(type)) describe(type);
};

/** The schema of a whole body. Its title is its name in the OpenAPI document and in generated clients. */
function envelope(title: string, properties: Readonly<Record<string, object>>): object {
  const required = ['success', ...Object.keys(properties)];
  return { title, type: 'object', required, properties: { success, ...properties } };
}

/** `ProjectDto` and `Answer` → `ProjectAnswer` */
const titleOf = ({ name }: Constructor, kind: string): string => `${name.replace(/Dto$/, '')}${kind}`;

function answers(type: Constructor, answer: Answer, schema: object, errors: OwnErrors = []): MethodDecorator {
  describe(type);
  return applyDecorators(
    HttpCode(answer.status),
    ApiExtraModels(type),
    describeParameters,
    ApiResponse({ status: answer.status, description: 'Success', schema }),
    ApiExtension('x-errors', errors.map(definitionOf)),
    ...(answer.versioned ? [ApiExtension('x-versioned', true)] : []),
    routeConfig({ answer }),
  );
}

/** The handler returns one DTO; it is answered as `{success: true, data}`. */
export function Answers(type: Constructor, given: Options | number = {}): MethodDecorator {
  const options = typeof given === 'number' ? { status: given } : given;
  const schema = schemaOf(type);
  const versioned = schema.properties?.['version'] !== undefined;
  if (options.status === 201 && schema.properties?.['id'] === undefined) {
    throw new DeclarationError(
      `@Answers(${type.name}, { status: 201 }): give ${type.name} an id, for the Location header`,
    );
  }
  return answersData(
    type,
    { schema, documented: { $ref: getSchemaPath(type) }, kind: 'Answer', versioned },
    options,
  );
}

/** The handler returns a complete short list of DTOs; it is answered as `{success: true, data: […]}`. */
export function AnswersList(
  type: Constructor,
  { example, ...options }: Omit<Options, 'status'> & { readonly example?: object } = {},
): MethodDecorator {
  const schema: JsonSchema = { type: 'array', items: schemaOf(type) };
  const documented = {
    type: 'array',
    items: { $ref: getSchemaPath(type) },
    ...(example && { example }),
  };
  return answersData(type, { schema, documented, kind: 'List', versioned: false }, options);
}

/** A DTO whose records always have the same path, whichever route answers them. */
interface Located {
  readonly location?: string;
}

/** The schemas of `data`, for the serialiser and for the OpenAPI document. */
interface Data {
  readonly schema: JsonSchema;
  readonly documented: object;
  readonly kind: 'Answer' | 'List';
  readonly versioned: boolean;
}

function answersData(
  type: Constructor,
  data: Data,
  { status = 200, errors, location = (type as Located).location }: Options,
): MethodDecorator {
  const stringify = fastJson({ type: 'object', properties: { success, data: data.schema } } as never);
  const answer: Answer = {
    status,
    serialize: (payload) => stringify({ success: true, data: payload }),
    declared: { name: type.name, schema: data.schema },
    versioned: data.versioned,
    ...(location !== undefined && { location }),
  };
  return answers(type, answer, envelope(titleOf(type, data.kind), { data: data.documented }), errors);
}

/** The handler returns a `Page` of DTOs; it is answered as `{success: true, data: […], pagination}`. */
export function AnswersPage(
  type: Constructor,
  { errors = [] }: Omit<Options, 'status'> = {},
): MethodDecorator {
  const properties = {
    success,
    data: { type: 'array', items: schemaOf(type) },
    pagination: paginationSchema,
  } as const;
  const stringify = fastJson({ type: 'object', properties } as never);
  const answer: Answer = {
    status: 200,
    serialize: (payload) => {
      const { items, pagination } = payload as { items: unknown; pagination: unknown };
      return stringify({ success: true, data: items, pagination });
    },
    declared: {
      name: `Page of ${type.name}`,
      schema: { properties: { items: properties.data, pagination: {} } },
    },
    versioned: false,
  };
  const documented = envelope(titleOf(type, 'Page'), {
    data: { type: 'array', items: { $ref: getSchemaPath(type) } },
    pagination: paginationSchema,
  });
  return answers(type, answer, documented, ['INVALID_CURSOR', ...errors]);
}

const MESSAGE = envelope('Message', { message: { type: 'string', example: 'Done' } });

/** The handler returns nothing; it is answered as `{success: true, message}`. */
export function AnswersMessage(
  message: string,
  { status = 200, errors = [] }: Options = {},
): MethodDecorator {
  const body = JSON.stringify({ success: true, message });
  return applyDecorators(
    HttpCode(status),
    ApiResponse({
      status,
      description: 'Success',
      content: { 'application/json': { schema: MESSAGE, example: { success: true, message } } },
    }),
    ApiExtension('x-errors', errors.map(definitionOf)),
    describeParameters,
    routeConfig({ answer: { status, body, versioned: false } }),
  );
}

/**
 * The handler answers without the envelope: a stream, a file, or a text of another type. `StreamableFile`, `@Sse()`,
 * `@Redirect()` and `@Res()` imply it.
 */
export function AnswersRaw(type: string, { status = 200, errors = [] }: Options = {}): MethodDecorator {
  return applyDecorators(
    HttpCode(status),
    Header('content-type', type),
    ApiProduces(type),
    ApiResponse({ status, description: 'Success', schema: { type: 'string', format: 'binary' } }),
    ApiExtension('x-errors', errors.map(definitionOf)),
    describeParameters,
    routeConfig({ isRaw: true }),
  );
}

function sendBody(body: string) {
  return (_: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => {
    if (reply.statusCode > 299) return done(null, payload);
    reply.header('content-type', 'application/json; charset=utf-8');
    return done(null, body);
  };
}

/** Fastify hook: sends the Location of a created record, below that of the request's own parameters. */
function addLocation(collection: string) {
  return ({ params }: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void => {
    const base = collection.replace(/:(\w+)/g, (_, key: string) => (params as Record<string, string>)[key]!);
    if (reply.statusCode < 300) reply.header('location', `${base}/${(payload as { id: string }).id}`);
    done(null, payload);
  };
}

/**
 * Gives every route that declares an answer its serialiser, an ETag for records with a version, a Location for what it
 * creates, and compression unless it is `@NoStore()`, since only such answers hold secrets.
 */
export function installAnswers(fastify: FastifyInstance, config: Config): void {
  const base = basePathOf(config.of(HttpConfig));
  const isWatched = config.of(ProcessConfig).mode !== 'production';
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const answer = route.config?.answer;
    if (!answer) return refuseUndeclared(route);
    const { body, serialize } = answer;
    // First, since after Fastify's hook for HEAD there is nothing left to compress.
    if (serialize && !route.config?.noStore) route.onSend = [compress, route.onSend ?? []].flat();
    if (serialize && (answer.status === 201 || (answer.status === 202 && answer.location !== undefined))) {
      const hook = addLocation(`${base}${answer.location ?? route.url}`);
      route.preSerialization = [route.preSerialization ?? [], hook].flat();
    }
    if (body !== undefined) {
      route.onSend = [route.onSend ?? [], sendBody(body)].flat();
      if (isWatched) route.preSerialization = [route.preSerialization ?? [], warnOfUnsent(route)].flat();
    }
    if (serialize) {
      const name = `${String(route.method)} ${route.url}`;
      route.schema = { ...route.schema, response: { '2xx': {} } };
      route.serializerCompiler = () =>
        checkedSerialize(serialize, answer.declared, name, fastify.log, isWatched);
    }
    if (answer.versioned) {
      route.preSerialization = [route.preSerialization ?? [], tagWithVersion as never].flat();
      const isRead = [route.method].flat().some((method) => method === 'GET' || method === 'HEAD');
      if (isRead) route.onSend = [route.onSend ?? [], answerUnchanged].flat();
    }
  });
}
