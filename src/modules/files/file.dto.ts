import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsIn, IsInt, IsString } from 'class-validator';
import { Nullable, QueryInteger, OwnerFilter, RecordId } from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import {
  FILE_STATES,
  type FileState,
  PICTURE_SIZES,
  type PictureSize,
  type StoredFile,
} from './file.schema.js';

export class ListFilesQuery extends PageQuery {
  @ApiProperty({ description: 'Files of this user, or of `all`. Needs files:read.' })
  @OwnerFilter()
  owner?: string;
}

export class ContentQuery {
  @ApiProperty({
    description:
      'A smaller version of the picture with no side longer than this, as WebP. It is made on the first request.',
    example: 256,
    required: false,
    enum: PICTURE_SIZES,
  })
  @QueryInteger()
  @IsIn(PICTURE_SIZES)
  size?: PictureSize;
}

/** A file in responses, without its bytes. */
export class FileDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'As sent, without a path.', example: 'invoice 7.pdf' })
  @IsString()
  name!: string;

  @ApiProperty({
    description: 'Detected from the first bytes, whatever the name and the client say.',
    example: 'application/pdf',
  })
  @IsString()
  type!: string;

  @ApiProperty({ description: 'In bytes.', example: 48_213 })
  @IsInt()
  size!: number;

  @ApiProperty({
    description: 'null while it is pending, unless it was announced.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  @Nullable()
  @IsString()
  sha256!: string | null;

  @ApiProperty({
    description: 'Whether its bytes can be read; `pending` until the upload is completed.',
    example: 'ready',
  })
  @IsIn(FILE_STATES)
  status!: FileState;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  static from({ _id, name, type, size, sha256, status, createdAt }: StoredFile): FileDto {
    const id = _id.toHexString();
    return { id, name, type, size, sha256: sha256 ?? null, status: status ?? 'ready', createdAt };
  }
}
