import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiProperty, DocumentBuilder, PartialType, SwaggerModule } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { describe as describeDto, isDto } from './describe.js';
import { Name } from './fields.js';

class Item {
  @ApiProperty({ description: 'What it is called.', example: 'Pen' })
  @Name(10)
  name!: string;
}

class Order {
  @ApiProperty({ description: 'How many.' })
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  @ValidateNested()
  @Type(() => Item)
  main!: Item;

  @IsOptional()
  @ValidateNested()
  @Type(() => Item)
  spare?: Item | null;

  @IsArray()
  @ArrayMaxSize(5)
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Order)
  parent?: Order;
}

class Changes extends PartialType(Item, { skipNullProperties: false }) {}

@Controller()
class Orders {
  @Post('a')
  create(@Body() dto: Order): Order {
    return dto;
  }

  @Post('b')
  change(@Body() dto: Changes): Changes {
    return dto;
  }
}

@Module({ controllers: [Orders] })
class Shop {}

async function schemas(): Promise<Record<string, unknown>> {
  for (const type of [Order, Changes, Order]) describeDto(type);
  const app = await NestFactory.create(Shop, new FastifyAdapter(), { logger: false });
  const { components } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  await app.close();
  return components?.schemas ?? {};
}

const ITEM = { $ref: '#/components/schemas/Item' };

describe('what Swagger is told of a DTO class', () => {
  it('is what its rules say, beside what the field says itself', async () => {
    expect(await schemas()).toMatchObject({
      Item: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            minLength: 1,
            maxLength: 10,
            description:
              "What it is called. White space around it is removed. Kept in Unicode's composed form (NFC).",
            example: 'Pen',
          },
        },
        required: ['name'],
      },
    });
  });

  it('names nested DTOs, lists of them and the class itself', async () => {
    const { Order: order } = await schemas();
    expect(order).toEqual({
      type: 'object',
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 100, description: 'How many.', default: 20 },
        main: ITEM,
        spare: { type: 'object', nullable: true, allOf: [ITEM] },
        items: { type: 'array', maxItems: 5, items: ITEM },
        parent: { type: 'object', nullable: true, allOf: [{ $ref: '#/components/schemas/Order' }] },
      },
      required: ['main', 'items'],
    });
  });

  it('requires nothing of a partial class', async () => {
    const { Changes: changes } = await schemas();
    expect(changes).toMatchObject({
      properties: { name: { type: 'string', maxLength: 10, example: 'Pen' } },
    });
    expect(changes).not.toHaveProperty('required');
  });
});

describe('a DTO class', () => {
  it('is one that has rules, its own or inherited', () => {
    class Derived extends Item {}
    expect([Item, Derived, Changes].map(isDto)).toEqual([true, true, true]);
  });

  it.each([Object, String, class Plain {}, undefined, null, {}, 'Item'])('is not %p', (type) => {
    expect(isDto(type)).toBe(false);
  });
});
