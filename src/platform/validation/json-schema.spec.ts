import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsMongoId,
  IsNegative,
  IsNotEmpty,
  IsNumber,
  IsNumberString,
  IsOptional,
  IsPositive,
  IsString,
  IsUUID,
  IsUppercase,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import {
  EmailAddress,
  List,
  Name,
  Nullable,
  QueryFlag,
  QueryInteger,
  QueryNumber,
  RecordId,
  Reference,
  SafeInteger,
  Text,
  UtcTime,
  WebUrl,
} from './fields.js';
import { dtoWith } from './fixtures/dto-with.js';
import { IsMetadata } from './is-metadata.js';
import { type JsonSchema, schemaOf } from './json-schema.js';

/** The schema of a field with these decorators. */
function schemaWith(...decorators: PropertyDecorator[]): JsonSchema | undefined {
  return schemaOf(dtoWith(...decorators)).properties?.['a'];
}

class Item {
  @Name(10)
  name!: string;

  @IsOptional()
  @IsInt()
  count?: number;
}

const ITEM = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 10 },
    count: { type: 'integer', nullable: true },
  },
  required: ['name'],
};

describe('each rule as JSON Schema', () => {
  it.each<[string, PropertyDecorator[], JsonSchema]>([
    ['IsString', [IsString()], { type: 'string' }],
    ['Length', [Length(1, 5)], { type: 'string', minLength: 1, maxLength: 5 }],
    ['MinLength', [MinLength(1)], { type: 'string', minLength: 1 }],
    ['MaxLength', [MaxLength(5)], { type: 'string', maxLength: 5 }],
    ['IsEmail', [IsEmail()], { type: 'string', format: 'idn-email' }],
    ['Matches', [Matches(/^a\d$/)], { type: 'string', pattern: String.raw`^a\d$` }],
    ['IsIn texts', [IsIn(['a', 'b'])], { type: 'string', enum: ['a', 'b'] }],
    ['IsIn numbers', [IsIn([1, 2])], { enum: [1, 2] }],
    ['IsInt', [IsInt()], { type: 'integer' }],
    ['IsNumber', [IsNumber()], { type: 'number' }],
    ['Min and Max', [Min(0), Max(5)], { minimum: 0, maximum: 5 }],
    ['IsBoolean', [IsBoolean()], { type: 'boolean' }],
    ['IsDate', [IsDate()], { type: 'string', format: 'date-time' }],
    ['IsEnum', [IsEnum({ Draft: 'draft', Sent: 'sent' })], { type: 'string', enum: ['draft', 'sent'] }],
    ['IsUUID', [IsUUID()], { type: 'string', format: 'uuid' }],
    ['IsMongoId', [IsMongoId()], { type: 'string', pattern: '^[0-9a-fA-F]{24}$' }],
    ['IsDateString', [IsDateString()], { type: 'string', pattern: String.raw`^[+-]?\d{4}` }],
    ['IsNumberString', [IsNumberString()], { type: 'string', pattern: String.raw`\d$` }],
    ['IsPositive', [IsPositive()], { type: 'number', minimum: 0, not: { enum: [0] } }],
    [
      'IsInt and IsPositive',
      [IsPositive(), IsInt(), Min(5)],
      { type: 'integer', minimum: 5, not: { enum: [0] } },
    ],
    ['IsNegative', [IsNegative()], { type: 'number', maximum: 0, not: { enum: [0] } }],
    ['IsNotEmpty', [IsString(), IsNotEmpty()], { type: 'string', minLength: 1 }],
    ['ArrayMinSize', [IsArray(), ArrayMinSize(2)], { type: 'array', minItems: 2, items: {} }],
    ['IsMetadata', [IsMetadata()], { type: 'object', additionalProperties: true }],
  ])('%s', (_, decorators, schema) => {
    expect(schemaWith(...decorators)).toEqual(schema);
  });

  it.each<[string, PropertyDecorator[], JsonSchema]>([
    ['Text', [Text(0, 500)], { type: 'string', minLength: 0, maxLength: 500 }],
    ['EmailAddress', [EmailAddress()], { type: 'string', minLength: 3, maxLength: 254, format: 'idn-email' }],
    ['RecordId', [RecordId()], { type: 'string', pattern: '^[0-9a-fA-F]{24}$' }],
    ['QueryInteger', [QueryInteger(1, 9)], { type: 'integer', minimum: 1, maximum: 9, nullable: true }],
    ['QueryNumber', [QueryNumber()], { type: 'number', nullable: true }],
    ['QueryNumber', [QueryNumber(0, 9)], { type: 'number', minimum: 0, maximum: 9, nullable: true }],
    ['QueryFlag', [QueryFlag()], { type: 'boolean', nullable: true }],
    ['SafeInteger', [SafeInteger(0)], { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }],
    ['Name', [Name(60, { min: 0 })], { type: 'string', minLength: 0, maxLength: 60 }],
    ['UtcTime', [UtcTime()], { type: 'string', format: 'date-time' }],
    ['WebUrl', [WebUrl()], { type: 'string', format: 'uri', minLength: 1, maxLength: 2048 }],
    ['Reference', [Reference()], { type: 'string', pattern: '^[0-9a-fA-F]{24}$' }],
    ['Nullable', [Nullable(), IsString()], { type: 'string', nullable: true }],
  ])('%s, our own', (_, decorators, schema) => {
    expect(schemaWith(...decorators)).toEqual(schema);
  });

  it('leaves out a rule that no keyword can say, because it only narrows', () => {
    expect(schemaWith(IsString(), IsUppercase())).toEqual({ type: 'string' });
    expect(schemaWith(Allow())).toEqual({});
  });

  it('leaves out a pattern with flags, which JSON Schema does not have', () => {
    expect(schemaWith(Matches(/^a$/i))).toEqual({ type: 'string' });
    expect(schemaWith(Matches('^a$', 'i'))).toEqual({ type: 'string' });
  });
});

describe('lists', () => {
  it('have rules of their own and rules of their items', () => {
    const each = { each: true };
    const rules = [
      IsArray(),
      ArrayMaxSize(3),
      ArrayUnique(),
      IsString(each),
      Length(1, 5, each),
      IsOptional(),
    ];
    expect(schemaWith(...rules)).toEqual({
      type: 'array',
      maxItems: 3,
      uniqueItems: true,
      items: { type: 'string', minLength: 1, maxLength: 5 },
      nullable: true,
    });
  });

  it.each<[string, PropertyDecorator, JsonSchema]>([
    ['names', Name(5, { each: true }), { type: 'string', minLength: 1, maxLength: 5 }],
    ['times', UtcTime({ each: true }), { type: 'string', format: 'date-time' }],
    ['integers', SafeInteger(0, 9, { each: true }), { type: 'integer', minimum: 0, maximum: 9 }],
    ['choices', IsIn(['a', 'b'], { each: true }), { type: 'string', enum: ['a', 'b'] }],
  ])('of our own hold %s', (_, decorator, items) => {
    expect(schemaWith(List(3), decorator)).toEqual({ type: 'array', maxItems: 3, items });
  });

  it('may hold DTOs', () => {
    expect(
      schemaWith(
        IsArray(),
        ValidateNested({ each: true }),
        Type(() => Item),
      ),
    ).toEqual({
      type: 'array',
      items: ITEM,
    });
  });
});

describe('a DTO class as JSON Schema', () => {
  it('has its fields, and names those that are required', () => {
    expect(schemaOf(Item)).toEqual(ITEM);
  });

  it('holds nested DTOs', () => {
    expect(
      schemaWith(
        ValidateNested(),
        Type(() => Item),
        IsOptional(),
      ),
    ).toEqual({ ...ITEM, nullable: true });
  });

  it('has the fields of its base class', () => {
    class Derived extends Item {
      @IsBoolean()
      flag!: boolean;
    }
    const { properties, required } = schemaOf(Derived);
    expect(Object.keys(properties ?? {}).toSorted()).toEqual(['count', 'flag', 'name']);
    expect(required?.toSorted()).toEqual(['flag', 'name']);
  });

  it('names nothing as required when nothing is', () => {
    class Optional {
      @IsOptional()
      @IsInt()
      count?: number;
    }
    expect(schemaOf(Optional)).not.toHaveProperty('required');
  });
});
