import { ApiProperty } from '@nestjs/swagger';
import { Allow, IsInt } from 'class-validator';
import { Nullable } from '../validation/fields.js';

/** How many records have a value. */
export class CountDto {
  @ApiProperty({
    description: 'null counts the records without one.',
    example: 'open',
    anyOf: [{ type: 'string', nullable: true }, { type: 'number' }, { type: 'boolean' }],
  })
  @Nullable()
  @Allow()
  value!: unknown;

  @ApiProperty({ example: 12 })
  @IsInt()
  count!: number;
}
