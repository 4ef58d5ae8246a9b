import { describe, expect, it } from '@jest/globals';
import { PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  Allow,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { validatorOf } from './compile.js';
import { check, dtoWith } from './fixtures/dto-with.js';
import { type Constructor, rulesOf } from './rules.js';

const rule = (validate: (value: unknown) => boolean) => ValidateBy({ name: 'own', validator: { validate } });
const replace = (from: string, to: string) => Transform(({ value }) => (value as string).replace(from, to));

class Base {
  @IsString()
  @Length(1, 5)
  name!: string;

  @IsOptional()
  @IsString()
  note?: string | null;

  @IsInt()
  @Max(100)
  limit: number = 20;
}

class Derived extends Base {
  @IsIn(['red', 'blue'])
  colour!: string;

  // Rules of the same kind replace those of the base class: the base's lengths do not apply.
  @IsString()
  @Length(3, 8)
  declare name: string;
}

class Changes extends PartialType(Base, { skipNullProperties: false }) {}

describe('inherited rules', () => {
  it('apply to a class that declares none of its own', () => {
    class Same extends Base {}
    expect(check(Same, { name: 'a' })).toEqual({ name: 'a', limit: 20 });
    expect(validatorOf(Same)({ name: 'a' }).value).toBeInstanceOf(Same);
    expect(check(Same, { name: 'too long' })).toHaveLength(1);
  });

  it('give way to those that the class declares for the same field', () => {
    expect(check(Derived, { colour: 'red', name: '12345678' })).toMatchObject({ name: '12345678' });
    expect(check(Derived, { colour: 'green', name: '12' })).toEqual([
      'colour: colour must be one of the following values: red,blue',
      'name: name must be longer than or equal to 3 characters',
    ]);
  });

  it('leave the base class alone', () => {
    expect(check(Base, { name: 'a', colour: 'red' })).toEqual(['colour: is not a known field']);
  });

  it('run transforms of the base class and of the class', () => {
    class Upper {
      @replace('a', 'b')
      @IsString()
      text!: string;
    }
    class Lower extends Upper {
      @replace('b', 'c')
      declare text: string;
    }
    expect(check(Lower, { text: 'a' })).toEqual({ text: 'c' });
  });
});

describe('class defaults', () => {
  it('stand where a field is absent, and are checked', () => {
    expect(check(Base, { name: 'a' })).toEqual({ name: 'a', limit: 20 });
    expect(check(Base, { name: 'a', limit: 1 })).toEqual({ name: 'a', limit: 1 });
    expect(check(Base, { name: 'a', limit: null })).toEqual(['limit: limit must be an integer number']);
    class Wrong {
      @Max(10)
      limit: number = 20;
    }
    expect(check(Wrong, {})).toEqual(['limit: limit must not be greater than 10']);
  });

  it('are new in every value', () => {
    class Tagged {
      @Allow()
      tags: string[] = [];
    }
    const validate = validatorOf(Tagged);
    expect(validate({}).value?.tags).toEqual([]);
    expect(validate({}).value?.tags).not.toBe(validate({}).value?.tags);
  });
});

describe('a partial class', () => {
  it('takes any part, and nothing', () => {
    expect(check(Changes, {})).toEqual({ limit: 20 });
    expect(check(Changes, { name: 'b' })).toEqual({ name: 'b', limit: 20 });
  });

  it('takes null for an optional field only', () => {
    expect(check(Changes, { note: null })).toEqual({ note: null, limit: 20 });
    expect(check(Changes, { name: null })).toEqual(['name: name must be a string']);
  });

  it('keeps the rules of the fields and refuses unknown ones', () => {
    expect(check(Changes, { name: 'too long', x: 1 })).toEqual([
      'x: is not a known field',
      'name: name must be shorter than or equal to 5 characters',
    ]);
  });
});

describe('conditions', () => {
  class Address {
    @IsIn(['box', 'street'])
    kind!: string;

    @ValidateIf(({ kind }: Address) => kind === 'box')
    @IsInt()
    box?: number;
  }

  it('see the whole object', () => {
    expect(check(Address, { kind: 'street' })).toEqual({ kind: 'street' });
    expect(check(Address, { kind: 'box' })).toEqual(['box: box is required']);
  });

  it('must all hold for the rules to be asked', () => {
    const never = ValidateIf(() => false);
    expect(check(dtoWith(IsInt(), never, IsOptional()), { a: 'x' })).toEqual({ a: 'x' });
    expect(check(dtoWith(IsInt(), IsOptional()), { a: 'x' })).toEqual(['a: a must be an integer number']);
  });

  it('can stand on a single rule', () => {
    const type = dtoWith(IsInt(), Min(5, { validateIf: (_, value) => value !== 0 }));
    expect(check(type, { a: 0 })).toEqual({ a: 0 });
    expect(check(type, { a: 1 })).toEqual(['a: a must not be less than 5']);
  });

  it('tell whether a field may be null or absent', () => {
    const facts = (type: Constructor) =>
      Object.fromEntries(rulesOf(type).map(({ name, nullable, optional }) => [name, { nullable, optional }]));
    expect(facts(Base)).toMatchObject({
      name: { nullable: false, optional: false },
      note: { nullable: true, optional: true },
    });
    expect(facts(Changes)).toMatchObject({
      name: { nullable: false, optional: true },
      note: { nullable: true, optional: true },
    });
    expect(
      facts(
        dtoWith(
          IsInt(),
          ValidateIf((_, value) => value !== null),
        ),
      ),
    ).toEqual({
      a: { nullable: true, optional: false },
    });
  });
});

describe('transforms', () => {
  it('run from the first declared to the last, before any rule and only on what was sent', () => {
    class Text {
      @replace('a', 'b')
      @replace('b', 'c')
      @IsIn(['c'])
      @IsOptional()
      text?: string;
    }
    expect(check(Text, { text: 'a' })).toEqual({ text: 'c' });
    expect(check(Text, {})).toEqual({});
  });

  it('may be meant for one direction only', () => {
    const off = Transform(() => 'changed', { toPlainOnly: true });
    const on = Transform(() => 'changed', { toClassOnly: true });
    expect(check(dtoWith(IsString(), off), { a: 'sent' })).toEqual({ a: 'sent' });
    expect(check(dtoWith(IsString(), on), { a: 'sent' })).toEqual({ a: 'changed' });
  });
});

describe('rules of our own', () => {
  it('are called once for a value, with the object, the field and their constraints', () => {
    const calls: unknown[] = [];
    const type = dtoWith(
      ValidateBy({
        name: 'own',
        constraints: [3, 'x'],
        validator: { validate: (...args) => calls.push(args) > 0 },
      }),
    );
    expect(check(type, { a: 'v' })).toEqual({ a: 'v' });
    const args = { value: 'v', object: { a: 'v' }, property: 'a', targetName: 'Dto', constraints: [3, 'x'] };
    expect(calls).toEqual([['v', args]]);
  });

  it('refuse when they throw, and say what to do when they answer by a promise', async () => {
    const throwing = rule(() => {
      throw new Error('broken');
    });
    const promising = rule((() => Promise.reject(new Error('unseen'))) as unknown as () => boolean);
    expect(check(dtoWith(throwing), { a: 1 })).toEqual(['a: a is not valid']);
    expect(() => check(dtoWith(promising), { a: 1 })).toThrow(
      'Dto.a uses own, a rule that answers by a promise: ',
    );
    // A rejection that nobody takes would end the process by now.
    await new Promise(setImmediate);
  });

  it('never make the check throw, whatever class-validator does', () => {
    // IsEmail throws a URIError, Length a TypeError while it makes its message.
    expect(check(dtoWith(IsEmail()), { a: '\ud800@example.com' })).toEqual(['a: a is not valid']);
    expect(check(dtoWith(Length(1, 3)), { a: { length: { toString: 0 } } })).toEqual(['a: a is not valid']);
  });

  it('may tell their message by a function or with tokens', () => {
    const message = 'between $constraint1 and $constraint2, $property; $constraint1';
    expect(check(dtoWith(Length(2, 3, { message })), { a: '' })).toEqual(['a: between 2 and 3, a; 2']);
    const told = Length(2, 3, { message: ({ property, value }) => `${property} is ${String(value)}` });
    expect(check(dtoWith(told), { a: 'x' })).toEqual(['a: a is x']);
  });

  it('are not named by what a client sends', () => {
    const told = Length(2, 3, { message: '$property $value $target' });
    expect(check(dtoWith(told), { a: '$constraint1' })).toEqual(['a: a $value $target']);
  });
});
