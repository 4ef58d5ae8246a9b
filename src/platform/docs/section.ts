import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiTags } from '@nestjs/swagger';

/** The parts of the documentation in the order in which people need them. */
export const PARTS = ['start', 'features', 'work', 'account', 'administration', 'operation'] as const;

/** What the documentation says of a heading, and in which part it stands. */
export interface Section {
  readonly about: string;
  readonly part: (typeof PARTS)[number];
}

/**
 * Puts the routes of a controller under a heading of the documentation, with one sentence about them, among the
 * features unless told.
 */
export function ApiSection(name: string, about: string, part: Section['part'] = 'features'): ClassDecorator {
  return applyDecorators(
    ApiTags(name),
    ApiExtension('x-section', { about, part } satisfies Section),
  ) as ClassDecorator;
}
