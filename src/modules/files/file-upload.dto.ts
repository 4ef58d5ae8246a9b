import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, IsString, Length, Matches, ValidateNested } from 'class-validator';
import { Nullable, RecordId, SafeInteger } from '../../platform/validation/fields.js';

/** A file to be uploaded. */
export class AnnounceFileDto {
  @ApiProperty({ description: 'A leading path is removed.', example: 'invoice 7.pdf' })
  @IsString()
  @Length(1, 255)
  @Matches(/^[^\x00-\x1f\x7f-\x9f]*$/, { message: '$property must have no control characters' })
  name!: string;

  @ApiProperty({ description: 'Its first bytes decide in the end.', example: 'application/pdf' })
  @IsString()
  @Matches(/^[a-z]+\/[a-z\d][a-z\d.+-]{0,100}$/, {
    message: '$property must be a media type such as image/png',
  })
  type!: string;

  @ApiProperty({ description: 'In bytes.', example: 48_213 })
  @SafeInteger(0)
  size!: number;

  @ApiProperty({
    description: 'SHA-256 of the bytes. If given, other bytes are refused.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[\da-f]{64}$/, { message: '$property must be 64 hex digits in lower case' })
  sha256?: string | null;
}

const URL_EXAMPLE =
  'https://app.example.com/api/v1/files/66f1a0c2e4b0a1b2c3d4e5fb/upload?token=ZvGgwuSwobLD1OX6pG2fJc0vQe5yV1bT8nKzR4mW7hXa3uLd';
const HEADERS_EXAMPLE = { 'content-type': 'application/pdf' };
const TIME_EXAMPLE = '2026-11-22T11:00:00.000Z';

class UploadHeadersDto {
  @ApiProperty({ example: 'application/pdf' })
  @IsString()
  'content-type'!: string;
}

/** Where to send the bytes, and the method and headers to use. */
class UploadAddressDto {
  @ApiProperty({ example: URL_EXAMPLE })
  @IsString()
  url!: string;

  @ApiProperty({ example: 'PUT' })
  @IsIn(['PUT'])
  method!: 'PUT';

  @ApiProperty({ type: UploadHeadersDto, example: HEADERS_EXAMPLE })
  @ValidateNested()
  @Type(() => UploadHeadersDto)
  headers!: UploadHeadersDto;

  @ApiProperty({ example: TIME_EXAMPLE })
  @IsDate()
  expiresAt!: Date;
}

/** An upload in responses. */
export class FileUploadDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  id!: string;

  @ApiProperty({
    description: 'null if the upload is over; see `GET /files/{id}`.',
    type: UploadAddressDto,
    example: { url: URL_EXAMPLE, method: 'PUT', headers: HEADERS_EXAMPLE, expiresAt: TIME_EXAMPLE },
  })
  @Nullable()
  @ValidateNested()
  @Type(() => UploadAddressDto)
  upload!: UploadAddressDto | null;
}
