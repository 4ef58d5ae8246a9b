import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, Length, ValidateBy, type ValidationArguments } from 'class-validator';
import { QueryFlag, QueryInteger } from './fields.js';

/** How many records a page has by default, and at most. */
const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

/** Maximum length of a cursor. */
const MAX_CURSOR = 600;

/** How far offset and page reach; cursors have no such limit. */
export const MAX_OFFSET = 10_000;

function isSent(args: ValidationArguments | undefined, name: string): boolean {
  return (args?.object as Record<string, unknown> | undefined)?.[name] !== undefined;
}

function ExcludesWith(...others: string[]): PropertyDecorator {
  return ValidateBy({
    name: 'excludesWith',
    validator: {
      validate: (_, args) => !others.some((name) => isSent(args, name)),
      defaultMessage: () => `$property cannot be used together with ${others.join(' or ')}`,
    },
  });
}

function IsReachablePage(): PropertyDecorator {
  return ValidateBy({
    name: 'isReachablePage',
    validator: {
      validate: (page, args) => {
        const limit = (args?.object as PageQuery | undefined)?.limit;
        // An invalid limit is reported by its own rules.
        return typeof page !== 'number' || typeof limit !== 'number' || (page - 1) * limit <= MAX_OFFSET;
      },
      defaultMessage: () => `$property must not reach further than ${MAX_OFFSET} records; use cursor instead`,
    },
  });
}

/** The query parameters that every list takes. */
export class PageQuery {
  @ApiProperty({ description: 'Maximum number of records in the response.', example: DEFAULT_PAGE_SIZE })
  @QueryInteger(1, MAX_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;

  @ApiProperty({ description: 'Number of records to skip. Not with `page` or `cursor`.' })
  @QueryInteger(0, MAX_OFFSET)
  @ExcludesWith('page', 'cursor')
  offset?: number;

  @ApiProperty({ description: 'Page number, from 1. Not with `offset` or `cursor`.' })
  @QueryInteger(1, MAX_OFFSET + 1)
  @IsReachablePage()
  @ExcludesWith('cursor')
  page?: number;

  @ApiProperty({
    description: '`nextCursor` of the previous page: stays stable while records are created and deleted.',
  })
  @IsOptional()
  @IsString()
  @Length(1, MAX_CURSOR)
  cursor?: string;

  @ApiProperty({ description: 'Whether to count all records of the list.', example: true })
  @QueryFlag()
  total?: boolean;
}

export interface Pagination {
  readonly limit: number;
  /** null with a cursor. */
  readonly offset: number | null;
  readonly hasMore: boolean;
  /** null on the last page. */
  readonly nextCursor: string | null;
  /** Only when asked for. */
  readonly total?: number;
}

/** One page of a list, newest records first. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly pagination: Pagination;
}

/** The same page with its items turned into something else. */
export function mapPage<T, U>({ items, pagination }: Page<T>, map: (item: T) => U): Page<U> {
  return { items: items.map(map), pagination };
}

export const paginationSchema = {
  title: 'Pagination',
  type: 'object',
  required: ['limit', 'offset', 'hasMore', 'nextCursor'],
  properties: {
    limit: { type: 'integer', example: DEFAULT_PAGE_SIZE },
    offset: { type: 'integer', nullable: true, example: 0 },
    hasMore: { type: 'boolean', example: false },
    nextCursor: { type: 'string', nullable: true, example: null },
    total: { type: 'integer', example: 3 },
  },
} as const;
