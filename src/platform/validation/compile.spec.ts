import { describe, expect, it } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Min,
  Validate,
  ValidateNested,
  ValidatePromise,
  ValidatorConstraint,
} from 'class-validator';
import { validatorOf } from './compile.js';
import { check, dtoWith } from './fixtures/dto-with.js';
import type { Constructor } from './rules.js';

function classWith(decorate: ClassDecorator): Constructor {
  class Dto {}
  IsString()(Dto.prototype, 'a');
  decorate(Dto);
  return Dto;
}

class Item {
  @IsString()
  @Length(1, 3)
  name!: string;

  @IsOptional()
  @IsInt()
  count: number = 1;
}

class Order {
  @ValidateNested()
  @Type(() => Item)
  main!: Item;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @Length(1, 3, { each: true })
  tags?: string[];
}

@ValidatorConstraint({ async: true })
class Slow {
  validate(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

@ValidatorConstraint()
class Promising {
  async validate(): Promise<boolean> {
    return (await Promise.resolve(1)) === 1;
  }
}

@ValidatorConstraint()
class Unique {
  constructor(@Inject('names') private readonly names: ReadonlySet<unknown>) {}

  validate(value: unknown): boolean {
    return !this.names.has(value);
  }
}

@ValidatorConstraint()
class Known {
  @Inject('names')
  private readonly names!: ReadonlySet<unknown>;

  validate(value: unknown): boolean {
    return this.names.has(value);
  }
}

describe('compiling a DTO class', () => {
  it.each([
    ['groups on a rule', dtoWith(IsString({ groups: ['admin'] })), 'groups'],
    ['groups on a condition', dtoWith(IsString(), IsOptional({ groups: ['admin'] })), 'groups'],
    [
      'groups on a transform',
      dtoWith(
        IsString(),
        Transform(({ value }) => value as string, { groups: ['admin'] }),
      ),
      '@Transform with groups or versions',
    ],
    ['an async rule', dtoWith(Validate(Slow)), 'an async rule'],
    ['an async method', dtoWith(Validate(Promising)), 'an async rule'],
    ['a promise', dtoWith(ValidatePromise()), '@ValidatePromise'],
    [
      'a rule that is given something',
      dtoWith(Validate(Unique)),
      "Unique, a rule with dependencies: a DTO's rules see the value alone. Look it up in the service",
    ],
    ['a rule with a property that is given', dtoWith(Validate(Known)), 'Known, a rule with dependencies'],
    ['a context', dtoWith(IsString({ context: { code: 1 } })), 'context: nobody reads it'],
    [
      '@ValidateNested without @Type',
      dtoWith(ValidateNested()),
      '@ValidateNested without @Type: write @Type(() => Class)',
    ],
    [
      '@Type with subtypes',
      dtoWith(
        ValidateNested(),
        Type(() => Item, { discriminator: { property: 'kind', subTypes: [{ name: 'item', value: Item }] } }),
      ),
      '@Type with a discriminator: give each kind a field of its own',
    ],
    ...(
      [
        [Number, '@QueryInteger() or @QueryNumber() in a query'],
        [Boolean, '@QueryFlag() in a query'],
        [Date, '@UtcTime()'],
        [Item, '@ValidateNested() beside it'],
      ] as const
    ).map(([target, instead]): [string, Constructor, string] => [
      `@Type(() => ${target.name})`,
      dtoWith(
        Allow(),
        Type(() => target),
      ),
      `@Type(() => ${target.name}): write ${instead}`,
    ]),
    ['@Expose on a field', dtoWith(IsString(), Expose({ name: 'b' })), '@Expose or @Exclude'],
    ['@Exclude on a field', dtoWith(IsString(), Exclude()), '@Expose or @Exclude'],
  ])('refuses %s', (_, type, rule) => {
    const message = `Dto.a uses ${rule}`;
    expect(() => validatorOf(type)).toThrow(message);
    // Half a plan that is kept would accept `{}`.
    expect(() => validatorOf(type)).toThrow(message);
  });

  it.each([
    ['@Expose', Expose()],
    ['@Exclude', Exclude()],
  ])('refuses %s on the class', (_, decorate) => {
    expect(() => validatorOf(classWith(decorate))).toThrow('Dto.* uses @Expose or @Exclude');
  });

  it('refuses a class without rules, and one that holds such a class', () => {
    class Empty {}
    class Holder {
      @ValidateNested()
      @Type(() => Empty)
      empty!: Empty;
    }
    for (const type of [Empty, Holder, Holder]) {
      expect(() => validatorOf(type)).toThrow('Empty declares no field with class-validator');
    }
  });
});

describe('checking an input', () => {
  it('makes an instance of the class', () => {
    const { value } = validatorOf(Order)({ main: { name: 'a' }, items: [{ name: 'b', count: 2 }] });
    expect(value).toBeInstanceOf(Order);
    expect(value?.main).toBeInstanceOf(Item);
    expect(value?.items?.[0]).toBeInstanceOf(Item);
    expect(value).toEqual({ main: { name: 'a', count: 1 }, items: [{ name: 'b', count: 2 }] });
  });

  it('leaves the input as it was', () => {
    const input = Object.freeze({ main: Object.freeze({ name: 'a' }), tags: Object.freeze(['b']) });
    expect(check(Order, input)).toEqual({ main: { name: 'a', count: 1 }, tags: ['b'] });
    expect(input).toEqual({ main: { name: 'a' }, tags: ['b'] });
  });

  it.each([undefined, null, true, 1, 'text', [], [{ name: 'a' }]])('refuses %j as a whole', (input) => {
    expect(check(Item, input)).toEqual([': must be a JSON object']);
  });

  it('takes an object without a prototype, as Fastify makes queries', () => {
    expect(check(Item, Object.assign(Object.create(null), { name: 'a' }))).toEqual({ name: 'a', count: 1 });
  });

  it('takes nothing that an input inherits', () => {
    expect(check(Item, Object.create({ name: 'a' }))).toEqual(['name: name is required']);
  });

  it('names the field at every depth', () => {
    const input = { main: { name: 1 }, items: [{ name: 'a' }, { name: '', x: 1 }], tags: ['a', 2] };
    expect(check(Order, input)).toEqual([
      'main.name: name must be a string',
      'items.1.x: is not a known field',
      'items.1.name: name must be longer than or equal to 1 characters',
      'tags: each value in tags must be a string',
    ]);
  });

  it('says of a missing field that it is required', () => {
    expect(check(Item, {})).toEqual(['name: name is required']);
    expect(check(Order, { main: {} })).toEqual(['main.name: name is required']);
    expect(check(dtoWith(IsDefined()), {})).toEqual(['a: a is required']);
  });

  it('asks for the type first, in whatever order the rules are declared', () => {
    const long = dtoWith(Length(1, 3), Min(1), IsString());
    expect(check(long, { a: [1] })).toEqual(['a: a must be a string']);
    const list = dtoWith(Length(1, 3, { each: true }), IsString({ each: true }), IsArray());
    expect(check(list, { a: 1 })).toEqual(['a: a must be an array']);
    expect(check(list, { a: [1] })).toEqual(['a: each value in a must be a string']);
  });

  it.each([
    ['null', null, ['main: must be a JSON object']],
    ['a text', 'a', ['main: must be a JSON object']],
    [
      'a list of wrong items',
      ['a', null],
      ['main.0: must be a JSON object', 'main.1: must be a JSON object'],
    ],
    // class-validator lets lists of lists pass where a list is declared; a handler would not expect them.
    ['a list in a list', [[{ name: 'a' }]], ['main.0: must be a JSON object']],
  ])('refuses %s where an object is nested', (_, main, faults) => {
    expect(check(Order, { main })).toEqual(faults);
  });

  it('refuses a list that is too long without looking at its items', () => {
    const items = Array.from({ length: 4 }, () => ({ name: 1 }));
    expect(check(Order, { main: { name: 'a' }, items })).toEqual([
      'items: items must contain no more than 3 elements',
    ]);
  });

  it('lets a class hold itself', () => {
    class Tree {
      @IsInt()
      leaf!: number;

      @IsOptional()
      @ValidateNested()
      @Type(() => Tree)
      branch?: Tree;
    }
    expect(check(Tree, { leaf: 1, branch: { leaf: 2 } })).toEqual({ leaf: 1, branch: { leaf: 2 } });
    expect(check(Tree, { leaf: 1, branch: { leaf: 2, branch: {} } })).toEqual([
      'branch.branch.leaf: leaf is required',
    ]);
  });
});

describe('unknown fields', () => {
  it.each(['x', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'Name', 'name '])(
    'are refused: %j',
    (key) => {
      const input = Object.fromEntries([
        ['name', 'a'],
        [key, 1],
      ]);
      expect(check(Item, input)).toEqual([`${key}: is not a known field`]);
    },
  );

  it('are named up to a number, and cut when they are long', () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `${index}`.padEnd(200, 'k'));
    const { faults } = validatorOf(Item)(Object.fromEntries(keys.map((key) => [key, 1])));
    expect(faults?.map(({ path }) => path)).toEqual(keys.slice(0, 50).map((key) => key.slice(0, 100)));
  });
});
