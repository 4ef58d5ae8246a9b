import { ApiProperty } from '@nestjs/swagger';
import { QueryFlag } from '../validation/fields.js';

/** The query of a deletion where there is a trash. */
export class RemoveQuery {
  @ApiProperty({ description: 'Delete it for good, be it in the trash or not.', example: true })
  @QueryFlag()
  permanent?: boolean;
}
