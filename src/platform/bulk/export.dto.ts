import { applyDecorators } from '@nestjs/common';
import { ApiProduces, ApiProperty, OmitType } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import type { Resource } from '../database/resource.js';
import { DeclarationError } from '../errors/start-error.js';
import { AnswersRaw } from '../http/answers.js';
import type { PageQuery } from '../validation/page-query.js';
import type { Constructor } from '../validation/rules.js';

export const FORMATS = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;
export type Format = keyof typeof FORMATS;

const OF_PAGES = ['limit', 'offset', 'page', 'cursor', 'total'] as const;

/** The parameters of an export. */
export type Exported<Query extends PageQuery> = Omit<Query, (typeof OF_PAGES)[number]> & {
  readonly format: Format;
};

/**
 * The query of an export, which takes the parameters of the list except those of pages:
 *
 *     class ExportTicketsQuery extends ExportOf(ListTicketsQuery) {}
 */
export function ExportOf<Query extends PageQuery>(list: Constructor<Query>): new () => Exported<Query> {
  class ExportQuery extends OmitType(list as Constructor<PageQuery>, OF_PAGES) {
    @ApiProperty({
      description: 'A table for spreadsheets, or one line of JSON per record.',
      example: 'csv',
    })
    @IsIn(Object.keys(FORMATS))
    format: Format = 'csv';
  }
  return ExportQuery as unknown as new () => Exported<Query>;
}

/** The resources whose export has a route. */
export const EXPORTED = new Set<Resource>();

/** The handler sends all records of a list, through `Exporter`. */
export function AnswersExport(resource: Resource): MethodDecorator {
  if (!resource.can.has('export')) {
    throw new DeclarationError(`@AnswersExport(${resource.name}): declare export: true in its resource`);
  }
  EXPORTED.add(resource);
  return applyDecorators(
    AnswersRaw(FORMATS.csv, { errors: ['DEADLINE_EXCEEDED'] }),
    ApiProduces(...Object.values(FORMATS)),
  );
}
