import { describe, expect, it } from '@jest/globals';
import { PartialType } from '@nestjs/swagger';
import { plainToInstance, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator';
import * as fc from 'fast-check';
import { validatorOf } from './compile.js';
import { Name, Nullable, UtcTime } from './fields.js';
import { RichText, sanitised } from './rich-text.js';
import type { Constructor } from './rules.js';

/**
 * Every kind of decorator that features may use, the product's own DTOs use it or not: the compiled check and
 * class-validator accept and refuse the same, make the same values, and blame the same fields. Sanitising comes
 * after both.
 */

class Part {
  @Name(5)
  name!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  count: number = 1;
}

class Whole {
  @IsDefined()
  @IsIn(['a', 'b', 1])
  kind!: unknown;

  @ValidateIf(({ kind }: Whole) => kind === 'b')
  @IsNumber({ allowInfinity: false, allowNaN: false })
  @Max(10, { validateIf: (_, value) => value !== 99 })
  weight?: number;

  @Nullable()
  @IsBoolean()
  flag!: boolean | null;

  @IsOptional()
  @UtcTime()
  at?: Date | null;

  @Allow()
  anything?: unknown;

  @IsOptional()
  @RichText(20)
  text?: string;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @IsString({ each: true })
  @Length(1, 3, { each: true })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  tags?: string[];

  @ValidateNested()
  @Type(() => Part)
  part!: Part;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts?: Part[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Whole)
  self?: Whole | null;
}

class Extended extends Whole {
  @IsString()
  extra!: string;

  @IsIn(['a', 'c'])
  declare kind: unknown;
}

class Changed extends PartialType(Extended, { skipNullProperties: false }) {}
class Loose extends PartialType(Whole) {}

const RUNS = 2_000;

type Input = Readonly<Record<string, unknown>>;

interface Verdict {
  readonly value?: object;
  readonly faults?: readonly string[];
}

const refused = (fields: readonly string[]): Verdict => ({ faults: [...new Set(fields)].toSorted() });

function ours(type: Constructor, input: object): Verdict {
  const { value, faults } = validatorOf(type)(input);
  return faults ? refused(faults.map(({ path }) => path.replace(/\..*/, ''))) : { value };
}

function theirs(type: Constructor, input: object): Verdict {
  const value = plainToInstance(type, input);
  const errors = validateSync(value, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  });
  if (errors.length > 0) return refused(errors.map(({ property }) => property));
  return { value: finished(value) };
}

function finished<T extends { text?: unknown; self?: object | null }>(value: T): T {
  if (typeof value.text === 'string') value.text = sanitised(value.text);
  if (value.self) finished(value.self);
  return value;
}

const ODD_VALUES = [null, true, 0, -1, 5, 11, 99, 1.5, Infinity, 'a', 'b', '', ' x ', 'a,b', 'long text', {}];
const leaves = fc.constantFrom<unknown>(...ODD_VALUES);

/** Inputs of `Whole` and `Extended`; of `faults` in a hundred values each is anything. */
function inputsOf(faults: number): fc.Arbitrary<Input> {
  const mostly = (usual: fc.Arbitrary<unknown>) =>
    fc.oneof({ arbitrary: usual, weight: 100 - faults }, { arbitrary: leaves, weight: faults });
  const records = { noNullPrototype: true };
  const part = fc.record(
    { name: mostly(fc.constantFrom('a', ' e\u0301 ', 'abcde')), count: mostly(fc.nat(9)) },
    { requiredKeys: ['name'], ...records },
  );
  const tags = fc.array(mostly(fc.constantFrom('a', 'bcd')), { minLength: 1, maxLength: 3 });
  const fields = {
    kind: mostly(fc.constantFrom('a', 'a', 'a', 'b', 'c', 1)),
    weight: mostly(fc.constantFrom(1, 10, 99)),
    flag: mostly(fc.constantFrom(true, false, null)),
    at: mostly(
      fc.constantFrom('2030-01-31t00:00:00.1239+01:00', '2030-02-30T00:00:00Z', '0000-01-01T00:00:00Z'),
    ),
    anything: fc.oneof(leaves, fc.constant({ b: [{}] })),
    text: mostly(fc.constantFrom(' <b onclick=a>b</b>', 'a < b', '<script>a</script>')),
    tags: mostly(fc.oneof(tags, fc.constant('a,b'))),
    part: mostly(part),
    parts: mostly(fc.array(mostly(part), { maxLength: 2 + Math.sign(faults) })),
  };
  const requiredKeys: ('kind' | 'flag' | 'part')[] = ['kind', 'flag', 'part'];
  const whole = fc.record(fields, { requiredKeys, ...records });
  const extended = { ...fields, self: mostly(whole), extra: mostly(fc.string()) };
  return fc.record(extended, { requiredKeys: [...requiredKeys, 'extra'], ...records });
}

describe('the compiled check of every kind of rule', () => {
  it.each([
    [Whole, ({ extra: _extra, ...input }: Input) => input],
    [Loose, ({ extra: _extra, ...input }: Input) => input],
    [Extended, (input: Input) => input],
    [Changed, (input: Input) => input],
  ])('agrees with class-validator on %p', (type, of) => {
    const counts = { accepted: 0, refused: 0 };
    const property = fc.property(fc.oneof(inputsOf(0), inputsOf(15)), (whole) => {
      const input = of(whole);
      const verdict = ours(type, input);
      counts[verdict.faults ? 'refused' : 'accepted']++;
      expect(verdict).toStrictEqual(theirs(type, input));
    });
    fc.assert(property, { numRuns: RUNS });
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(RUNS / 10);
  });
});
