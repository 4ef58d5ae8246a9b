import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import type { Resource } from '../database/resource.js';
import { needsModule } from '../errors/needed-modules.js';
import { DeclarationError } from '../errors/start-error.js';
import { ExecutionDto } from '../executions/execution.dto.js';
import { Executor } from '../executions/executor.js';
import { FORMATS } from '../bulk/export.dto.js';
import { Answers } from '../http/answers.js';
import { Deadline } from '../http/deadline.js';
import { routeConfig } from '../http/route-config.js';
import { type JsonSchema, schemaOf } from '../validation/json-schema.js';
import { type Validator, validatorOf } from '../validation/compile.js';
import { describe } from '../validation/describe.js';
import type { Constructor } from '../validation/rules.js';
import { ImportDto, ImportFileDto } from './import.dto.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a file of rows. */
    takesRows?: boolean;
  }
}

/** Longest time for sending rows, and for storing them. */
const BODY_MS = 60_000;
const KEEP_MS = 30_000;

/** The declaration of an import executor. */
interface Declared {
  readonly resource: Resource;
  readonly validate: Validator<object>;
  readonly sent: JsonSchema;
  readonly answered: JsonSchema;
  isServed: boolean;
}

const declared = new Map<object, Declared>();

/**
 * Declares the executor that creates records of a feature from the rows of a file:
 * `@ImportExecutor(tickets, CreateTicketDto, TicketDto)`.
 * @param create the DTO class of the body that creates a record
 * @param answer the DTO class of a record in responses, and so in exports
 */
export function ImportExecutor(resource: Resource, create: Constructor, answer: Constructor): ClassDecorator {
  if (!resource.can.has('import')) {
    throw new DeclarationError(`@ImportExecutor(${resource.name}): declare import: true in its resource`);
  }
  needsModule('ExecutionsModule', `resource '${resource.name}' declares import`);
  const known = {
    resource,
    validate: validatorOf(create),
    sent: schemaOf(create),
    answered: schemaOf(answer),
    isServed: false,
  };
  return applyDecorators(
    // Retried for long, so that rows wait while the database is unavailable.
    Executor({ type: `${resource.plural}.import`, input: ImportDto, attempts: 20, timeout: '2m' }),
    (executor: object) => void declared.set(executor, known),
  );
}

/** @throws DeclarationError for a class that is not an import executor */
export function importOf(executor: object): Declared {
  const known = declared.get(executor);
  if (known) return known;
  throw new DeclarationError(
    `${(executor as { name?: string }).name} imports nothing: write @ImportExecutor(…) above it`,
  );
}

/** The executors of a resource, and whether a route starts them. */
export function importersOf(resource: Resource): { readonly executor: object; readonly isServed: boolean }[] {
  return [...declared]
    .filter(([, known]) => known.resource === resource)
    .map(([executor, { isServed }]) => ({ executor, isServed }));
}

/** The body of an import route, for the `requestBody` of its `@ApiOperation`. */
export const IMPORTED = {
  required: true,
  content: {
    [FORMATS.csv]: {
      schema: { type: 'string' },
      example: 'name,description\r\nFirst,"with a comma, and ""quotes"""\r\n',
    },
    [FORMATS.ndjson]: { schema: { type: 'string' }, example: '{"name":"First"}\n{"name":"Second"}\n' },
    'application/json': { schema: { $ref: getSchemaPath(ImportFileDto) } },
  },
};

/** The handler starts an import, through `Imports`. */
export function AnswersImport(executor: object): MethodDecorator {
  importOf(executor).isServed = true;
  describe(ImportFileDto);
  return applyDecorators(
    ApiExtraModels(ImportFileDto),
    Deadline(KEEP_MS),
    routeConfig({ takesRows: true, bodyMs: BODY_MS }),
    Answers(ExecutionDto, 202),
  );
}
