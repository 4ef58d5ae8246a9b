import { ApiProperty } from '@nestjs/swagger';
import { Nullable, RecordId } from '../../platform/validation/fields.js';

export class TransferDto {
  @ApiProperty({
    description: 'The new owner: an organization, or null for yourself.',
    example: '66f1a0c2e4b0a1b2c3d4e5fb',
  })
  @Nullable()
  @RecordId()
  organizationId!: string | null;
}
