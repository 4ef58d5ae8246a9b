import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsBoolean, IsIn, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { Resource } from '../database/resource.js';
import { CATALOGUE } from '../errors/errors.js';
import { DeclarationError } from '../errors/start-error.js';
import { AnswersList } from '../http/answers.js';
import { describe, documentationOf } from '../validation/describe.js';
import { List, Nullable, Omittable, RecordId, Text } from '../validation/fields.js';
import { IsJson } from '../validation/is-json.js';
import { type Constructor, rulesOf } from '../validation/rules.js';

const MAX_OPERATIONS = 100;
const MAX_IF_MATCH = 1_000;

export const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];

/** An operation of a batch. `Batches` checks which fields its method needs. */
export interface Operation {
  readonly method: Method;
  readonly id?: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
}

/** The DTO classes of a feature's request bodies. */
export interface Bodies<Create extends object, Replace extends object, Update extends object> {
  readonly POST: Constructor<Create>;
  readonly PUT: Constructor<Replace>;
  readonly PATCH: Constructor<Update>;
}

/** The body of a batch, and the DTO classes of its operations' bodies. */
export interface Batch<Create extends object, Replace extends object, Update extends object> {
  readonly operations: readonly Operation[];
  readonly atomic: boolean;
  bodies(): Bodies<Create, Replace, Update>;
}

function named<T extends Constructor>(type: T, name: string): T {
  Object.defineProperty(type, 'name', { value: name });
  return type;
}

/** The properties of a DTO in the documentation, those that all records have first. */
function exampleOf(type: Constructor): Record<string, unknown> {
  describe(type);
  const fields = rulesOf(type).toSorted((a, b) => a.depth - b.depth);
  return Object.fromEntries(fields.map(({ name }) => [name, documentationOf(type, name).example]));
}

/**
 * The body of a route that performs several operations on the records of a feature:
 *
 *     class BatchTicketsDto extends BatchOf({ POST: CreateTicketDto, PUT: ReplaceTicketDto, PATCH: UpdateTicketDto }) {}
 */
export function BatchOf<Create extends object, Replace extends object, Update extends object>(
  bodies: Bodies<Create, Replace, Update>,
): new () => Batch<Create, Replace, Update> {
  const anyOf = Object.values(bodies).map((type: Constructor) => ({ $ref: getSchemaPath(type) }));
  const example = { method: 'POST', body: exampleOf(bodies.POST) };

  @ApiExtraModels(...(Object.values(bodies) as Constructor[]))
  class OperationDto implements Operation {
    @ApiProperty({ example: 'POST' })
    @IsIn(METHODS)
    method!: Method;

    @ApiProperty({ description: 'The id of the record. Not with POST.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
    @Omittable()
    @RecordId()
    id?: string;

    @ApiProperty({
      description: 'The same body as for a single request. Not with DELETE.',
      type: 'object',
      anyOf,
    } as never)
    @Omittable()
    @IsJson()
    body?: unknown;

    @ApiProperty({ description: 'The same value as in the header If-Match. Not with POST.', example: '"1"' })
    @Omittable()
    @Text(1, MAX_IF_MATCH)
    ifMatch?: string;
  }
  const Named = named(OperationDto, `${bodies.POST.name.replace(/^Create|Dto$/g, '')}OperationDto`);

  class BatchDto {
    @ApiProperty({ description: `1 to ${MAX_OPERATIONS}, performed in order.`, example: [example] })
    @List(MAX_OPERATIONS)
    @ArrayNotEmpty()
    @ValidateNested({ each: true })
    @Type(() => Named)
    operations!: Operation[];

    @ApiProperty({ description: 'Whether to perform all or none.', example: true })
    @Omittable()
    @IsBoolean()
    atomic: boolean = true;

    bodies(): Bodies<Create, Replace, Update> {
      return bodies;
    }
  }
  return BatchDto;
}

/** The result of one operation. */
export interface BatchResult<T> {
  readonly status: number;
  readonly data?: T | null;
  readonly error?: string;
  readonly code?: string;
  readonly details?: readonly { readonly path: string; readonly message: string }[];
}

class DetailDto {
  @ApiProperty({ example: 'operations.3.body.name' })
  @IsString()
  path!: string;

  @ApiProperty({ example: 'name must be a string' })
  @IsString()
  message!: string;
}
named(DetailDto, 'OperationFaultDto');

/** The resources whose batches have a route. */
export const BATCHED = new Set<Resource>();

/** The handler answers with the result of each operation of a batch. */
export function AnswersBatch(resource: Resource, type: Constructor): MethodDecorator {
  if (!resource.can.has('batch')) {
    throw new DeclarationError(`@AnswersBatch(${resource.name}): declare batch: true in its resource`);
  }
  BATCHED.add(resource);

  class ResultDto {
    @ApiProperty({ description: 'The status that a single request would have.', example: 201 })
    @IsInt()
    status!: number;

    @ApiProperty({
      description: 'The record; null if it was deleted. Absent if the operation was refused.',
    })
    @IsOptional()
    @Nullable()
    @ValidateNested()
    @Type(() => type)
    data?: object | null;

    @ApiProperty({ description: 'Why it was refused, for people.', example: 'Not found' })
    @IsOptional()
    @IsString()
    error?: string;

    @ApiProperty({ description: 'Why it was refused, for programs.', example: 'VALIDATION_ERROR' })
    @IsOptional()
    @IsString()
    code?: string;

    @ApiProperty({ description: 'All faults of the operation.' })
    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => DetailDto)
    @List(MAX_OPERATIONS)
    details?: DetailDto[];
  }
  const Named = named(ResultDto, `${type.name.replace(/Dto$/, '')}ResultDto`);
  const { update, remove } = resource.errors;
  return AnswersList(Named, {
    example: [{ status: 201, data: exampleOf(type) }],
    errors: [...update, ...remove, CATALOGUE.PRECONDITION_FAILED],
  });
}
