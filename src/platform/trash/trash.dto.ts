import { ApiProperty } from '@nestjs/swagger';
import { QueryFlag } from '../validation/fields.js';

/** The query of a deletion in a feature with a trash. */
export class RemoveQuery {
  @ApiProperty({ description: 'Delete it for good, whether or not it is in the trash.', example: true })
  @QueryFlag()
  permanent?: boolean;
}
