import { ApiProperty } from '@nestjs/swagger';
import { RecordId } from './fields.js';

/** The path parameter of routes for one record. */
export class IdParams {
  @ApiProperty({ description: 'Id of the record.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  id!: string;
}
