import type { OpenAPIObject } from '@nestjs/swagger';
import { CATALOGUE, type Detail, type ErrorCode, type ErrorDefinition } from '../errors/errors.js';
import { mayForbid } from './access.js';
import { createsOnce } from './idempotency.js';
import { errorsOf, type Operation, operationsOf, parametersOf } from './operation.js';

/** The body of every failure. */
const FAILURE = {
  title: 'Failure',
  type: 'object',
  description: 'What every failure is answered with.',
  required: ['success', 'error', 'code', 'requestId'],
  properties: {
    success: { type: 'boolean', enum: [false] },
    error: {
      type: 'string',
      description: 'A sentence for people.',
      example: 'Too many requests; try again later',
    },
    code: { $ref: '#/components/schemas/ErrorCode' },
    requestId: {
      type: 'string',
      nullable: true,
      description: 'Also in X-Request-Id and in every log line. null when the bytes were no HTTP request.',
      example: '3f0e6c0a-6f2d-4a83-9f5e-2f1f0a7c9b11',
    },
    details: {
      type: 'array',
      description: 'With VALIDATION_ERROR and WEAK_PASSWORD: every fault of the request.',
      items: {
        title: 'Fault',
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string', example: 'name' },
          message: { type: 'string', example: 'name is required' },
        },
      },
    },
  },
};

const HEADERS = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', example: 1 } },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string', example: 'Bearer' } },
} as const;

/** What an operation accepts tells which of the general errors it may answer. */
function* generalCodes(operation: Operation): Generator<ErrorCode> {
  const hasIfMatch = parametersOf(operation).some(({ name }) => name === 'If-Match');
  // Every other operation refuses what it does not know in the query and in the body.
  if (!operation['x-any-input']) yield 'VALIDATION_ERROR';
  if (operation.requestBody) yield* ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
  if (operation.security?.length) yield 'UNAUTHENTICATED';
  if (mayForbid(operation)) yield 'FORBIDDEN';
  const stepUp = operation['x-step-up'];
  if (stepUp) yield 'STEP_UP_REQUIRED';
  if (stepUp?.verified) yield 'EMAIL_NOT_VERIFIED';
  if (hasIfMatch) yield 'PRECONDITION_FAILED';
  if (createsOnce(operation)) yield* ['IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'];
  yield* ['RATE_LIMITED', 'INTERNAL_ERROR', 'DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED'];
}

/** Every code that the product answers: those of the catalogue, and those that its operations declare. */
export function codesOf(document: OpenAPIObject): string[] {
  const declared = operationsOf(document).flatMap(({ operation }) => errorsOf(operation));
  return [...new Set([...Object.keys(CATALOGUE), ...declared.map(({ code }) => code)])].toSorted();
}

/** A fault that every operation reports when it is asked for `?nmae=x`: none has such a parameter. */
const FAULT: Detail = { path: 'nmae', message: 'is not a known field' };

function exampleOf({ code, message }: ErrorDefinition): object {
  const requestId = FAILURE.properties.requestId.example;
  const body = { success: false, error: message, code, requestId };
  return code === 'VALIDATION_ERROR' ? { ...body, details: [FAULT] } : body;
}

function headersOf(errors: readonly ErrorDefinition[]): Partial<typeof HEADERS> {
  const names = new Set(errors.flatMap((error) => Object.keys(error.headers ?? {})));
  if (errors.some(({ saysWhen }) => saysWhen)) names.add('retry-after');
  return Object.fromEntries(Object.entries(HEADERS).filter(([name]) => names.has(name.toLowerCase())));
}

const CODES = Object.keys(CATALOGUE);

/** The catalogue's come first. */
function placeOf({ code }: ErrorDefinition): number {
  return code in CATALOGUE ? CODES.indexOf(code) : CODES.length;
}

/** Adds the errors that an operation may answer, each with its body as an example. */
export function describeErrors(operation: Operation, isReferredTo: (modelName: string) => boolean): void {
  const own = errorsOf(operation).filter(
    ({ ifReferredTo }) => ifReferredTo === undefined || isReferredTo(ifReferredTo),
  );
  const general = [...generalCodes(operation)].map((code) => CATALOGUE[code]);
  const all = new Map([...general, ...own].map((error) => [error.code, error]));
  // In one order, whoever declared them: operations with the same errors share what is said about them.
  const ordered = [...all.values()].toSorted((a, b) => placeOf(a) - placeOf(b) || (a.code < b.code ? -1 : 1));
  const byStatus = Map.groupBy(ordered, ({ status }) => status);
  for (const [status, errors] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    const headers = headersOf(errors);
    operation.responses[status] = {
      description: errors.map(({ code, message }) => `\`${code}\` ${message}.`).join('\n\n'),
      ...(Object.keys(headers).length > 0 && { headers }),
      content: {
        'application/json': {
          schema: FAILURE as never,
          examples: Object.fromEntries(errors.map((error) => [error.code, { value: exampleOf(error) }])),
        },
      },
    };
  }
}
