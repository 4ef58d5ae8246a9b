import { describe, expect, it } from '@jest/globals';
import { PartialType } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Types } from 'mongoose';
import { validatorOf } from '../validation/compile.js';
import { List, Name, Reference, UtcTime } from '../validation/fields.js';
import { IsMetadata, type Metadata } from '../validation/is-metadata.js';
import { type Defaults, NOW, nullsToDefaults, withDefaults } from './defaults.js';

const STATUSES = ['draft', 'sent'] as const;
type Status = (typeof STATUSES)[number];

class CreateDto {
  @Name(10)
  number!: string;

  @IsOptional()
  @IsIn(STATUSES)
  status?: Status | null;

  @IsOptional()
  @UtcTime()
  dueAt?: Date | null;

  @IsOptional()
  @List(3)
  @Name(10, { each: true })
  tags?: string[] | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @IsOptional()
  @Reference()
  projectId?: Types.ObjectId | null;
}

class UpdateDto extends PartialType(CreateDto, { skipNullProperties: false }) {}

interface Stored {
  number: string;
  status: Status;
  dueAt?: Date | null;
  tags: string[];
  metadata: Metadata;
  projectId?: Types.ObjectId | null;
}

const DEFAULTS: Defaults<CreateDto, Stored> = {
  status: 'draft',
  dueAt: null,
  tags: [],
  metadata: {},
  projectId: null,
};

/** A DTO as a request makes it. */
function dtoOf<T extends object>(type: new () => T, input: object): T {
  const { value } = validatorOf(type)(input);
  if (!value) throw new Error('The input is not valid');
  return value;
}

const FULL = {
  number: '1',
  status: 'sent' as const,
  dueAt: '2030-01-31T00:00:00.000Z',
  tags: ['a'],
  metadata: { a: 1 },
  projectId: '66f1a0c2e4b0a1b2c3d4e5f6',
};
const NULLS = { status: null, dueAt: null, tags: null, metadata: null, projectId: null };
const MADE = { ...FULL, dueAt: new Date(FULL.dueAt), projectId: new Types.ObjectId(FULL.projectId) };

describe('withDefaults', () => {
  it.each([
    ['not sent', { number: '1' }],
    ['null', { number: '1', ...NULLS }],
  ])('fills in what was %s', (_, input) => {
    expect(withDefaults(dtoOf(CreateDto, input), DEFAULTS)).toStrictEqual({ number: '1', ...DEFAULTS });
  });

  it('keeps what was sent, also what looks like nothing', () => {
    expect(withDefaults(dtoOf(CreateDto, FULL), DEFAULTS)).toStrictEqual(MADE);
    const empty = { count: 0, flag: false, text: '' };
    expect(withDefaults(empty as { count?: number }, { count: 5, flag: true, text: 'x' })).toEqual(empty);
  });

  it('gives each record lists and objects of its own', () => {
    const [first, second] = [1, 2].map(() => withDefaults(dtoOf(CreateDto, { number: '1' }), DEFAULTS));
    first?.tags.push('mine');
    Object.assign(first?.metadata ?? {}, { mine: true });
    expect([second?.tags, second?.metadata, DEFAULTS.tags, DEFAULTS.metadata]).toEqual([[], {}, [], {}]);
  });

  it('makes what a record takes', () => {
    const stored: Stored = withDefaults(dtoOf(CreateDto, FULL), DEFAULTS);
    expect(stored.status).toBe('sent');
  });
});

describe('nullsToDefaults', () => {
  it('has only what was sent', () => {
    expect(nullsToDefaults(dtoOf(UpdateDto, {}), DEFAULTS)).toStrictEqual({});
    expect(nullsToDefaults(dtoOf(UpdateDto, { tags: ['a'] }), DEFAULTS)).toStrictEqual({ tags: ['a'] });
    expect(nullsToDefaults(dtoOf(UpdateDto, FULL), DEFAULTS)).toStrictEqual(MADE);
    expect(nullsToDefaults({ status: undefined } as object, DEFAULTS)).toStrictEqual({});
  });

  it('has defaults for what was null', () => {
    expect(nullsToDefaults(dtoOf(UpdateDto, NULLS), DEFAULTS)).toStrictEqual({ ...DEFAULTS });
  });
});

describe('the compiler', () => {
  it('asks for each optional field, and for no other', () => {
    const { status: _, ...rest } = DEFAULTS;
    // @ts-expect-error: status is missing
    const missing: Defaults<CreateDto, Stored> = rest;
    // @ts-expect-error: number is required
    const surplus: Defaults<CreateDto, Stored> = { ...DEFAULTS, number: '1' };
    // @ts-expect-error: a record always has a status
    const wrong: Defaults<CreateDto, Stored> = { ...DEFAULTS, status: null };
    // @ts-expect-error: there is no such status
    const unknown: Defaults<CreateDto, Stored> = { ...DEFAULTS, status: 'lost' };
    // @ts-expect-error: records do not have it
    const strange: Defaults<CreateDto & { other?: string }, Stored> = { ...DEFAULTS, other: 'x' };
    // @ts-expect-error: dueAt has no default
    const incomplete = () => withDefaults(dtoOf(CreateDto, FULL), { status: 'draft', tags: [] });
    expect([missing, surplus, wrong, unknown, strange, incomplete]).toHaveLength(6);
  });
});

interface Dated {
  readonly dueAt?: Date | null;
}

describe('a default of the present', () => {
  it('is the time of writing, each time another one', () => {
    const defaults = { dueAt: NOW };
    const before = Date.now();
    const [first, second] = [
      withDefaults({} as Dated, defaults),
      nullsToDefaults({ dueAt: null } as Dated, defaults),
    ];
    for (const { dueAt } of [first, second]) expect(dueAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(first.dueAt).not.toBe(second.dueAt);
    expect(withDefaults({ dueAt: new Date(0) } as Dated, defaults)).toEqual({ dueAt: new Date(0) });
  });
});
