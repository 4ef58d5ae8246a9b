import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiTags } from '@nestjs/swagger';
import { DeclarationError } from '../errors/start-error.js';

/** The parts of the documentation in the order in which people need them. */
export const PARTS = ['start', 'features', 'work', 'account', 'administration', 'operation'] as const;

/** What the documentation says of a heading, and in which part it stands. */
export interface Section {
  readonly about: string;
  readonly part: (typeof PARTS)[number];
}

/** What each heading says so far. */
const sections = new Map<string, Section>();

/**
 * Puts the routes of a controller under a heading of the documentation, with one sentence about them, among the
 * features unless told.
 */
export function ApiSection(name: string, about: string, part: Section['part'] = 'features'): ClassDecorator {
  const known = sections.get(name) ?? { about, part };
  if (known.about !== about || known.part !== part) {
    throw new DeclarationError(
      `@ApiSection('${name}') is above two controllers with different texts, "${known.about}" (${known.part}) and ` +
        `"${about}" (${part}): write the same text above both`,
    );
  }
  sections.set(name, known);
  return applyDecorators(
    ApiTags(name),
    ApiExtension('x-section', { about, part } satisfies Section),
  ) as ClassDecorator;
}
