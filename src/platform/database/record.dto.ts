import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsInt } from 'class-validator';
import type { OwnedRecord, StoredRecord } from './record.js';
import { Nullable, RecordId } from '../validation/fields.js';

/** The fields that every record has in responses. */
export abstract class RecordDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'Rises with every change; also the ETag.', example: 1 })
  @IsInt()
  version!: number;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  updatedAt!: Date;

  /** These fields of a record. */
  static of({ _id, version, createdAt, updatedAt }: StoredRecord): RecordDto {
    return { id: _id.toHexString(), version, createdAt, updatedAt };
  }
}

/** The fields that a record of a user or an organization has in responses. */
export abstract class OwnedRecordDto extends RecordDto {
  @ApiProperty({
    description: 'The user or the organization that it belongs to.',
    example: '66f1a0c2e4b0a1b2c3d4e5f6',
  })
  @RecordId()
  ownerId!: string;

  @ApiProperty({
    description: 'The user who created it; null: the product itself did.',
    example: '66f1a0c2e4b0a1b2c3d4e5f6',
  })
  @Nullable()
  @RecordId()
  createdBy!: string | null;

  /** These fields of a record. */
  static override of(record: OwnedRecord): OwnedRecordDto {
    const { ownerId, createdBy } = record;
    return {
      ...super.of(record),
      ownerId: ownerId.toHexString(),
      createdBy: createdBy?.toHexString() ?? null,
    };
  }
}
