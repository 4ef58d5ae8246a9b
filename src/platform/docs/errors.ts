import type { OpenAPIObject } from '@nestjs/swagger';
import { ApiError, apiError, CATALOGUE, type ErrorCode, notFound, taken } from '../http/errors.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & {
  'x-errors'?: string[];
  'x-forbids'?: boolean;
  'x-versioned'?: boolean;
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

const FAILURE_SCHEMA = {
  type: 'object',
  required: ['success', 'error', 'code', 'requestId'],
  properties: {
    success: { type: 'boolean', enum: [false] },
    error: { type: 'string', description: 'A sentence for people.' },
    code: { type: 'string', description: 'For programs.' },
    requestId: { type: 'string', nullable: true, description: 'Also in X-Request-Id and in every log line.' },
    details: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const;

/** What an operation accepts tells which of the general errors it may answer. */
function* generalCodes(method: Method, operation: Operation): Generator<ErrorCode> {
  const hasIfMatch = operation.parameters?.some((p) => 'name' in p && p.name === 'If-Match');
  if (operation.requestBody || operation.parameters?.length) yield 'VALIDATION_ERROR';
  if (operation.requestBody) yield* ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
  if (operation.security) yield 'UNAUTHENTICATED';
  if (operation['x-forbids']) yield 'FORBIDDEN';
  if (hasIfMatch) yield 'PRECONDITION_FAILED';
  if (hasIfMatch && method !== 'delete') yield 'CONFLICT';
  yield* ['RATE_LIMITED', 'INTERNAL_ERROR', 'DATABASE_UNAVAILABLE'];
}

/** The error that a code of the document stands for: of the catalogue, or made for a resource. */
function errorOf(code: string): ApiError {
  if (code in CATALOGUE) return apiError(code as ErrorCode);
  const words = code.toLowerCase().split('_');
  const what = words.slice(0, -2).join(' ');
  if (code.endsWith('_NOT_FOUND')) return notFound(what);
  return taken(words.slice(0, -2).join(' '), words.at(-2) ?? '');
}

function exampleOf(error: ApiError): object {
  const { code, message } = error;
  const body = { success: false, error: message, code, requestId: '3f0e6c0a-6f2d-4a83-9f5e-2f1f0a7c9b11' };
  if (code !== 'VALIDATION_ERROR') return { value: body };
  return { value: { ...body, details: [{ path: 'limit', message: 'limit must not be greater than 100' }] } };
}

function addResponses(method: Method, operation: Operation): void {
  const codes = new Set<string>([...generalCodes(method, operation), ...(operation['x-errors'] ?? [])]);
  const byStatus = Map.groupBy([...codes].map(errorOf), ({ status }) => status);
  for (const [status, errors] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    operation.responses[status] = {
      description: errors.map(({ code }) => code).join(', '),
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/Failure' },
          examples: Object.fromEntries(errors.map((error) => [error.code, exampleOf(error)])),
        },
      },
    };
  }
}

function addVersioning(method: Method, operation: Operation): void {
  if (!operation['x-versioned']) return;
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!status.startsWith('2') || !response || '$ref' in response) continue;
    response.headers = { ETag: { description: 'The version.', schema: { type: 'string', example: '"1"' } } };
  }
  if (method !== 'get') return;
  (operation.parameters ??= []).push({
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'ETags that the client has. When the record still has one of them: 304.',
    schema: { type: 'string', example: '"1"' },
  });
  operation.responses['304'] = { description: 'The client has this version' };
}

/** Adds to every operation of the product's API the errors that it may answer, with examples. */
export function addErrors(document: OpenAPIObject): OpenAPIObject {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (!operation) continue;
      if (path.startsWith('/api/')) {
        addVersioning(method, operation);
        addResponses(method, operation);
      }
      delete operation['x-errors'];
      delete operation['x-forbids'];
      delete operation['x-versioned'];
    }
  }
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Failure: FAILURE_SCHEMA as never };
  return document;
}
