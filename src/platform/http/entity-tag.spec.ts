import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SEED, soaked } from '../../../test/support/soak.js';
import { answerUnchanged, tagWithVersion } from './entity-tag.js';
import { parsePrecondition, type Precondition } from '../validation/precondition.js';
import { ApiError } from '../errors/errors.js';

const parseIfMatch = (header: string | undefined) => parsePrecondition({ 'if-match': header });

/** The code of the error that a header causes, or the versions that it names. */
function outcomeOf(header: string): unknown {
  try {
    return parseIfMatch(header).versions;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

describe('If-Match', () => {
  it('asks for nothing when it is absent', () => {
    expect(parseIfMatch(undefined)).toEqual({ versions: 'any', required: false });
  });

  it.each(['*', ' * ', '\t*'])('asks for any version: %j', (header) => {
    expect(parseIfMatch(header)).toEqual({ versions: 'any', required: true });
  });

  it.each([
    ['"1"', [1]],
    ['  "12"\t', [12]],
    ['"1", "2"', [1, 2]],
    ['"1","2"', [1, 2]],
    ['"1"\t ,\t "2"', [1, 2]],
    ['"999999999999999"', [999_999_999_999_999]],
    // As nginx, Caddy and Apache pass it on when they compress.
    ['W/"1"', [1]],
    ['W/"12", "3"', [12, 3]],
    ['"1-gzip"', [1]],
    ['"1-br", W/"2-zstd"', [1, 2]],
  ])('names versions: %j', (header, versions) => {
    expect(parseIfMatch(header)).toEqual({ versions, required: true });
  });

  it.each([
    [', "1"', [1]],
    ['"1",', [1]],
    [',, "1" ,\t, "2" , ,', [1, 2]],
  ])('may have empty members: %j', (header, versions) => {
    expect(outcomeOf(header)).toEqual(versions);
  });

  it.each([
    'W/"0"',
    'W/"01"',
    '"1-"',
    '"1-deflated"',
    '"1-gzip-gzip"',
    '"-gzip"',
    '""',
    '"0"',
    '"01"',
    '"-1"',
    '"1.0"',
    '"1e3"',
    '"1000000000000000"',
    '"abc"',
    '"1,2"',
    '"a,b", W/"a"',
    '"!#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~"',
    '"\x80\xe9\xff"',
  ])('matches nothing, though it is well formed: %j', (header) => {
    expect(outcomeOf(header)).toEqual([]);
  });

  it('leaves the other tags of a list as they are', () => {
    expect(outcomeOf('W/"x1", "2", "x", "3"')).toEqual([2, 3]);
  });

  it.each([
    '',
    ' ',
    ',',
    ' , , ',
    '1',
    '"1',
    '1"',
    '"',
    '"""',
    '"1""2"',
    '"1" "2"',
    '"1"; "2"',
    '"1", 2',
    '"1", "2',
    'w/"1"',
    'W/1',
    'W/ "1"',
    'W"1"',
    '"a b"',
    '"a\tb"',
    '"a"b"',
    '"a\\"b"',
    '"\x7f"',
    '"\0"',
    '"\u20ac"',
    '*, "1"',
    '"1", *',
    '**',
    '"*',
  ])('is malformed: %j', (header) => {
    expect(outcomeOf(header)).toBe('VALIDATION_ERROR');
  });

  it('says where the fault is', () => {
    expect(() => parseIfMatch('1')).toThrow(
      expect.objectContaining({ details: [{ path: 'if-match', message: expect.stringContaining('"3"') }] }),
    );
  });
});

describe('any If-Match', () => {
  const space = fc.constantFrom('', ' ', '\t', '  ');
  const comma = fc.tuple(space, fc.constantFrom(',', ',,', ', ,'), space).map((parts) => parts.join(''));
  const version = fc.integer({ min: 1, max: 999_999_999_999_999 });
  const member = fc.oneof(
    version.map((number) => ({ tag: `"${number}"`, versions: [number] })),
    version.map((number) => ({ tag: `W/"${number}"`, versions: [number] })),
    fc.stringMatching(/^W\/"[!#-,.-/:-~\x80-\xff]{0,5}"$/).map((tag) => ({ tag, versions: [] })),
    fc.stringMatching(/^"[a-z,\x80-\xff]{0,5}"$/).map((tag) => ({ tag, versions: [] })),
  );

  it('that the grammar allows names its versions', () => {
    const members = fc.array(fc.tuple(member, comma), { minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom('', ' ', ', ', ',,'), members, (start, list) => {
        const header = start + list.map(([{ tag }, separator]) => tag + separator).join('');
        expect(outcomeOf(header)).toEqual(list.flatMap(([{ versions }]) => versions));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read or refused, and nothing else', () => {
    const token = fc.constantFrom(
      '"',
      '""',
      '"1"',
      'W/',
      'W',
      '/',
      ',',
      ' ',
      '\t',
      '*',
      '1',
      'a',
      '\\',
      '\xff',
      '\0',
    );
    const texts = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (header) => {
        const outcome = outcomeOf(header);
        expect(outcome === 'any' || outcome === 'VALIDATION_ERROR' || Array.isArray(outcome)).toBe(true);
      }),
      { numRuns: soaked(5_000), seed: SEED },
    );
  });
});

/** Headers made to be looked at again and again, four times as long as the server takes. */
const NASTY = [
  '"',
  '""',
  '"1"',
  '"1",',
  '"1" ',
  '"1", ',
  ',',
  ' ',
  '\t',
  ' ,',
  ', ',
  '", "',
  'W/',
  'W/"',
  'W/"",',
  '*',
  '"1"\t,\t',
].flatMap((part) => {
  const long = part.repeat(Math.floor(65_536 / part.length));
  return ['', 'x', '"', ' "1'].flatMap((end) => [long + end, `"1"${long}${end}`, `${end}${long}`]);
});

/** What a reader with this If-None-Match is answered. */
function answerTo(seen: string | undefined, etag: string | undefined): { status: number; payload: unknown } {
  const state = { status: 200, payload: undefined as unknown };
  const reply = {
    getHeader: () => etag,
    removeHeader: () => reply,
    code(status: number) {
      state.status = status;
      return reply;
    },
  };
  answerUnchanged(
    { headers: { 'if-none-match': seen } } as unknown as FastifyRequest,
    reply as unknown as FastifyReply,
    'body',
    (_, payload) => (state.payload = payload),
  );
  return state;
}

describe('If-None-Match', () => {
  it.each(['"1"', 'W/"1"', '"1-gzip"', '*', ' * ', '"0", "1"', 'W/"2","1"', ', "1" ,', '"a,b", W/"1"'])(
    'is answered 304 when it has the version: %j',
    (seen) => {
      expect(answerTo(seen, '"1"')).toEqual({ status: 304, payload: null });
    },
  );

  it.each([undefined, '"2"', 'W/"11"', '"a1"', '', ',', '1', '"', '"1', 'w/1', '"2", "3"'])(
    'is answered in full when it has not, or cannot be read: %j',
    (seen) => {
      expect(answerTo(seen, '"1"')).toEqual({ status: 200, payload: 'body' });
    },
  );

  it('means nothing for an answer without a version', () => {
    expect(answerTo('*', undefined)).toEqual({ status: 200, payload: 'body' });
  });
});

describe('a write with If-None-Match', () => {
  const allows = ({ versions, except }: Precondition, version: number): boolean =>
    (versions === 'any' || versions.includes(version)) && !except?.includes(version);
  /** Whether the versions 1, 2 and 3 may be changed. */
  const verdictOn = (headers: Parameters<typeof parsePrecondition>[0]) => {
    const precondition = parsePrecondition(headers);
    return { allowed: [1, 2, 3].filter((version) => allows(precondition, version)), ...precondition };
  };

  it.each([
    ['*', undefined, []],
    [' *\t', '"1"', []],
    ['*', '*', []],
    ['"2"', undefined, [1, 3]],
    ['W/"2", "3"', undefined, [1]],
    ['"x"', undefined, [1, 2, 3]],
    ['"2"', '"1", "2"', [1]],
    ['"2"', '"2"', []],
    ['"2"', '*', [1, 3]],
  ])('of %j and If-Match of %j may change %j', (ifNoneMatch, ifMatch, allowed) => {
    const headers = { 'if-none-match': ifNoneMatch, 'if-match': ifMatch };
    expect(verdictOn(headers)).toMatchObject({ allowed, required: true });
  });

  it.each(['', ',', '1', '"1', 'w/"1"', '*, "1"'])('is refused when it is malformed: %j', (header) => {
    expect(() => parsePrecondition({ 'if-none-match': header })).toThrow(
      expect.objectContaining({ details: [{ path: 'if-none-match', message: expect.any(String) }] }),
    );
  });
});

describe('a header made to take long', () => {
  it('takes no longer than any other of its length', () => {
    for (const header of NASTY) {
      const start = performance.now();
      outcomeOf(header);
      answerTo(header, '"7"');
      // Less than a millisecond; what backtracks takes hours.
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });
});

describe('the ETag of a record', () => {
  it.each([
    [200, '"3"'],
    [201, '"3"'],
    [304, undefined],
    [404, undefined],
  ])('is on an answer with status %d: %s', (statusCode, expected) => {
    const headers: Record<string, string> = {};
    const reply = { statusCode, header: (name: string, value: string) => (headers[name] = value) };
    const payload = { version: 3 };
    tagWithVersion({} as FastifyRequest, reply as unknown as FastifyReply, payload, (error, sent) => {
      expect([error, sent]).toEqual([null, payload]);
    });
    expect(headers['etag']).toBe(expected);
  });
});
