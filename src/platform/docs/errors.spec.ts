import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { taken } from '../errors/errors.js';
import { describeErrors } from './errors.js';
import type { Operation } from './operation.js';

const DOCUMENT: OpenAPIObject = { openapi: '3.0.3', info: { title: '', version: '1' }, paths: {} };

interface Example {
  readonly value: { readonly error: string };
}

/** The sentences that an operation with these errors of its own is documented with, by their codes. */
function sentencesOf(...errors: string[]): Record<string, string> {
  const operation: Operation = { responses: {}, 'x-errors': errors };
  describeErrors('post', operation, DOCUMENT);
  const examples = Object.values(operation.responses).flatMap((response) =>
    response && 'content' in response
      ? Object.entries((response.content?.['application/json']?.examples ?? {}) as Record<string, Example>)
      : [],
  );
  return Object.fromEntries(examples.map(([code, { value }]) => [code, value.error]));
}

describe('the documented errors', () => {
  it.each([
    ['invoice', 'customerEmail'],
    ['blog post', 'name'],
    ['blog post', 'homePageUrl'],
  ])('say of %s and %s what is answered', (resource, field) => {
    const { code, message } = taken(resource, field);
    const absent = `${resource.toUpperCase().replace(' ', '_')}_NOT_FOUND`;
    expect(sentencesOf(code, absent)).toMatchObject({ [code]: message });
    expect(sentencesOf('BLOG_NOT_FOUND', absent, code)).toMatchObject({ [code]: message });
  });

  it('take the last word for the field, where nothing says what is the resource', () => {
    expect(sentencesOf('BLOG_POST_SLUG_TAKEN', 'OTHER_NOT_FOUND')).toMatchObject({
      BLOG_POST_SLUG_TAKEN: 'There is already a blog post with this slug',
      OTHER_NOT_FOUND: 'Other not found',
    });
  });

  it('know those of the catalogue', () => {
    expect(sentencesOf('IN_USE', 'EMAIL_TAKEN')).toMatchObject({
      IN_USE: 'Other records refer to this one; change or delete them first',
      EMAIL_TAKEN: 'The email address is taken',
    });
  });
});
