import { describe, expect, it } from '@jest/globals';
import type { ArgumentMetadata } from '@nestjs/common';
import { ApiError, type Detail } from '../errors/errors.js';
import { MAX_VALUES } from './bounds.js';
import { Name } from './fields.js';
import { ValidationPipe } from './validation.pipe.js';

class Dto {
  @Name(10)
  name!: string;
}

const pipe = new ValidationPipe();
const body: ArgumentMetadata = { type: 'body', metatype: Dto };
const tooMany = Object.fromEntries(Array.from({ length: MAX_VALUES + 1 }, (_, index) => [`k${index}`, 1]));

/** The code and the details of the error that a call throws. */
function failureOf(call: () => unknown): { code: string; details: readonly Detail[] | undefined } {
  try {
    call();
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, details: error.details };
    throw error;
  }
  throw new Error('Nothing was thrown');
}

describe('the validation pipe', () => {
  it.each(['body', 'query', 'param'] as const)('makes the DTO of a %s', (type) => {
    const dto = pipe.transform({ name: ' Ada ' }, { type, metatype: Dto });
    expect(dto).toBeInstanceOf(Dto);
    expect(dto).toEqual({ name: 'Ada' });
  });

  it('tells every fault', () => {
    expect(failureOf(() => pipe.transform({ x: 1 }, body))).toEqual({
      code: 'VALIDATION_ERROR',
      details: [
        { path: 'x', message: 'is not a known field' },
        { path: 'name', message: 'name is required' },
      ],
    });
  });

  it('refuses an absent body', () => {
    expect(failureOf(() => pipe.transform(undefined, body))).toEqual({
      code: 'VALIDATION_ERROR',
      details: [{ path: '', message: 'must be a JSON object' }],
    });
  });

  it('looks at no field of a body that is out of bounds', () => {
    const { code, details } = failureOf(() => pipe.transform(tooMany, body));
    expect(code).toBe('VALIDATION_ERROR');
    expect(details).toEqual([{ path: '', message: expect.stringContaining('too many values') }]);
  });

  it('leaves parameters of our own decorators as they are', () => {
    const caller = { id: '1', name: 2 };
    expect(pipe.transform(caller, { type: 'custom', metatype: Dto })).toBe(caller);
  });

  it.each([undefined, Object])('lets nothing through where the class is %p', (metatype) => {
    const metadata: ArgumentMetadata = { type: 'body', ...(metatype && { metatype }) };
    expect(failureOf(() => pipe.transform({}, metadata)).code).toBe('INTERNAL_ERROR');
  });
});
