import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { DeclarationError } from '../errors/start-error.js';
import { PageQuery } from '../validation/page-query.js';
import { CalendarDay } from '../validation/day.js';
import { ExactDecimal } from '../validation/decimal.js';
import { Compose, QueryNumber, Text, UtcTime } from '../validation/fields.js';
import { BOUNDS } from './list-order.js';
import type { SortKind } from './lists.js';
import type { Resource } from './resource.js';

/** The rules of a bound by the kind of its field, and an example. Choices have no ranges. */
const RANGES: Readonly<
  Record<Exclude<SortKind, 'choice'>, { rules: () => PropertyDecorator[]; example: string }>
> = {
  time: { rules: () => [UtcTime()], example: '2030-01-31T00:00:00.000Z' },
  number: { rules: () => [QueryNumber()], example: '10' },
  decimal: { rules: () => [ExactDecimal()], example: '10.00' },
  day: { rules: () => [CalendarDay()], example: '2030-01-31' },
  text: { rules: () => [Compose(200), Text(0, 200)], example: 'm' },
};

const MEANING = {
  gt: 'is above this',
  gte: 'is this or above',
  lt: 'is below this',
  lte: 'is this or below',
};

const MAX_WORDS = 200;

/** The parameters of a list that its resource declares, besides filters. */
interface DeclaredParameters extends PageQuery {
  readonly sort?: string;
  readonly q?: string;
}

function declare(prototype: object, name: string, ...decorators: PropertyDecorator[]): void {
  for (const decorator of [...decorators, IsOptional()]) decorator(prototype, name);
}

/**
 * The parameters of a resource's lists: pages, and the orders, ranges and search that it declares.
 *
 *     export class ListTicketsQuery extends ListQuery(tickets) { … }
 *
 * Tools send the examples of all parameters together. An order and its ranges take few filters and no search, so theirs
 * are in the descriptions.
 */
export function ListQuery({ name, lists }: Resource): new () => DeclaredParameters {
  class DeclaredQuery extends PageQuery {}
  const { prototype } = DeclaredQuery;
  if (!lists) throw new DeclarationError(`resource '${name}' declares no lists: extend PageQuery`);
  const { sorts, search, all } = lists;
  if (sorts.length > 0) {
    const orders = sorts.flatMap((sort) => [sort.name, `-${sort.name}`]);
    const ways = all.map(({ equal, sort }) =>
      [sort.name, equal.length > 0 && `with ${equal.join(' and ')}`].filter(Boolean).join(' '),
    );
    const description = `The order, with \`-\` from the greatest on. Records without a value come last. Served are: ${ways.join('; ')}.`;
    declare(prototype, 'sort', ApiProperty({ description }), IsIn(orders));
  }
  for (const { name: field, kind } of sorts) {
    if (kind === 'choice') continue;
    const { rules, example } = RANGES[kind];
    for (const bound of BOUNDS) {
      const description = `Only where ${field} ${MEANING[bound]}, such as \`${example}\`; in the order of ${field}, and with the filters that it takes.`;
      declare(prototype, `${field}[${bound}]`, ApiProperty({ description }), ...rules());
    }
  }
  if (search.length > 0) {
    const description = `Only with all of these words, or what begins with them, in ${search.join(', ')}. Newest first; not with \`sort\`.`;
    declare(
      prototype,
      'q',
      ApiProperty({ description, example: 'print' }),
      Compose(MAX_WORDS),
      Text(1, MAX_WORDS),
    );
  }
  return DeclaredQuery as new () => DeclaredParameters;
}
