import { describe, expect, it } from '@jest/globals';
import { validatorOf } from './compile.js';
import { mapPage, MAX_OFFSET, PageQuery } from './page-query.js';

const validate = validatorOf(PageQuery);
const accepted = (query: object) => validate(query).value;
const faults = (query: object) =>
  validate(query).faults?.map(({ path, message }) => `${path}: ${message}`) ?? [];

describe('the query of a list', () => {
  it('asks for twenty records unless it says so', () => {
    expect(accepted({})).toEqual({ limit: 20 });
    expect(accepted({ limit: '1' })).toEqual({ limit: 1 });
    expect(accepted({ limit: '100' })).toEqual({ limit: 100 });
    expect(faults({ limit: '0' })).toEqual(['limit: limit must not be less than 1']);
    expect(faults({ limit: '101' })).toEqual(['limit: limit must not be greater than 100']);
  });

  it('starts at an offset, a page or a cursor', () => {
    expect(accepted({ offset: '0' })).toEqual({ limit: 20, offset: 0 });
    expect(accepted({ page: '1' })).toEqual({ limit: 20, page: 1 });
    expect(accepted({ cursor: 'abc' })).toEqual({ limit: 20, cursor: 'abc' });
  });

  it.each([
    [{ offset: '0', page: '1' }, ['offset: offset cannot be used together with page or cursor']],
    [{ offset: '0', cursor: 'a' }, ['offset: offset cannot be used together with page or cursor']],
    [{ page: '1', cursor: 'a' }, ['page: page cannot be used together with cursor']],
    [
      { offset: '0', page: '1', cursor: 'a' },
      [
        'offset: offset cannot be used together with page or cursor',
        'page: page cannot be used together with cursor',
      ],
    ],
  ])('starts at one of them only: %j', (query, expected) => {
    expect(faults(query)).toEqual(expected);
  });

  it('reaches no further than the bound, by offset and by page', () => {
    expect(accepted({ offset: String(MAX_OFFSET) })).toMatchObject({ offset: MAX_OFFSET });
    expect(faults({ offset: String(MAX_OFFSET + 1) })).toHaveLength(1);
    expect(accepted({ page: '501' })).toMatchObject({ page: 501 });
    expect(accepted({ page: '101', limit: '100' })).toMatchObject({ page: 101 });
    expect(accepted({ page: '10001', limit: '1' })).toMatchObject({ page: 10_001 });
    const tooFar = 'page: page must not reach further than 10000 records; use cursor instead';
    expect(faults({ page: '502' })).toEqual([tooFar]);
    expect(faults({ page: '102', limit: '100' })).toEqual([tooFar]);
    expect(faults({ page: '10002', limit: '1' })).toHaveLength(1);
  });

  it('blames a limit that is no number, not the page', () => {
    expect(faults({ page: '2', limit: 'x' })).toEqual(['limit: limit must be an integer number']);
  });

  it.each(['limit', 'offset', 'page', 'cursor', 'total'])('takes %s once', (name) => {
    expect(faults({ [name]: ['1', '1'] })).toEqual([expect.stringMatching(`^${name}: ${name} must be `)]);
  });

  it.each(['', 'a'.repeat(601)])('takes no cursor of this length: %s', (cursor) => {
    expect(faults({ cursor })).toHaveLength(1);
  });

  it('counts all records only when told', () => {
    expect(accepted({ total: 'true' })).toEqual({ limit: 20, total: true });
    expect(accepted({ total: 'false' })).toEqual({ limit: 20, total: false });
    expect(faults({ total: '1' })).toEqual(['total: total must be a boolean value']);
  });
});

describe('a page', () => {
  it('keeps its place when its items become something else', () => {
    const pagination = { limit: 2, offset: 0, hasMore: false, nextCursor: null };
    expect(mapPage({ items: [1, 2], pagination }, String)).toEqual({ items: ['1', '2'], pagination });
  });
});
