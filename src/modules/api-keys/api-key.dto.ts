import { ApiProperty } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDate,
  IsOptional,
  IsString,
  Matches,
  ValidateBy,
} from 'class-validator';
import { Name, Nullable, RecordId, UtcTime } from '../../platform/validation/fields.js';
import { type Permission, PERMISSION_FORM } from '../../platform/access/caller.js';
import type { ApiKey } from './api-key.schema.js';
import { PRODUCT } from '../../product/product.js';

const LONGEST_YEARS = 10;

/** A time from now on, at most so many years ahead. */
function IsAhead(years: number): PropertyDecorator {
  return ValidateBy({
    name: 'isAhead',
    constraints: [years],
    validator: {
      validate: (value) => {
        if (!(value instanceof Date)) return false;
        const now = new Date();
        return value > now && value <= new Date(new Date(now).setUTCFullYear(now.getUTCFullYear() + years));
      },
      defaultMessage: () => '$property must be in the future, and at most $constraint1 years from now',
    },
  });
}

/** A list of permissions, each once. Which there are, the service knows. */
function PermissionList(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(100),
    ArrayUnique(),
    Matches(PERMISSION_FORM, {
      each: true,
      message: 'each value in $property must be a permission, such as projects:read',
    }),
  );
}

export class CreateApiKeyDto {
  @ApiProperty({ description: 'What the key is for.', example: 'Nightly report' })
  @Name(100)
  name!: string;

  @ApiProperty({
    description: 'When the key ends; absent: in 90 days. At most 10 years from now.',
    example: '2030-01-31T00:00:00.000Z',
  })
  @IsOptional()
  @UtcTime()
  @IsAhead(LONGEST_YEARS)
  expiresAt?: Date | null;

  @ApiProperty({
    description:
      'What the key may do to records of others, as long as you may; absent: whatever you may, but for `users:create`, which a key has only by name.',
    example: ['projects:read'],
  })
  @IsOptional()
  @PermissionList()
  permissions?: Permission[] | null;

  @ApiProperty({ description: 'The key may only send GET and HEAD; absent: false.', example: false })
  @IsOptional()
  @IsBoolean()
  readOnly?: boolean | null;
}

/** An API key in responses, without the key itself. */
export class ApiKeyDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fa' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'Nightly report' })
  @IsString()
  name!: string;

  @ApiProperty({ description: 'The last four characters of the key.', example: 'x7Qk' })
  @IsString()
  hint!: string;

  @ApiProperty({
    description: 'null: whatever its user may, but for `users:create`.',
    example: ['projects:read'],
  })
  @Nullable()
  @PermissionList()
  permissions!: Permission[] | null;

  @ApiProperty({ description: 'The key may only send GET and HEAD.', example: false })
  @IsBoolean()
  readOnly!: boolean;

  @ApiProperty({ description: 'null: the key does not end by itself.', example: '2030-01-31T00:00:00.000Z' })
  @Nullable()
  @IsDate()
  expiresAt!: Date | null;

  @ApiProperty({ description: 'To the minute; null: never.', example: null })
  @Nullable()
  @IsDate()
  lastUsedAt!: Date | null;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  static from(key: ApiKey): ApiKeyDto {
    const { name, hint, permissions = null, readOnly = false, expiresAt = null, lastUsedAt = null } = key;
    const { _id, createdAt } = key;
    return { id: _id.toHexString(), name, hint, permissions, readOnly, expiresAt, lastUsedAt, createdAt };
  }
}

/** A new API key: the only answer that holds it. */
export class CreatedApiKeyDto extends ApiKeyDto {
  @ApiProperty({
    description: 'For `Authorization: Bearer`. It is shown once and cannot be read again.',
    example: `${PRODUCT.apiKeyPrefix}ZvGgwuSwobLD1OX6pG2fJc0vQe5yV1bT8nKzR4mW7hXa3uLdS9EoYiPq2Ckx7Qk`,
  })
  @IsString()
  key!: string;
}
