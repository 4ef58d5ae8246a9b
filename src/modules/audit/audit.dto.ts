import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsDate, IsIn, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import { Nullable, OwnerFilter, RecordId, UtcTime } from '../../platform/validation/fields.js';
import { IsJson } from '../../platform/validation/is-json.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import type { AuditEntry } from './audit-entry.schema.js';

export class AuditQuery extends PageQuery {
  @ApiProperty({
    description: 'Only changes of this record, such as `projects/66f1a0c2e4b0a1b2c3d4e5f7`.',
  })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,63}\/[0-9a-fA-F]{24}$/, {
    message: '$property must be like projects/66f1a0c2e4b0a1b2c3d4e5f7',
  })
  record?: string;

  @ApiProperty({ description: 'Only changes by this user or API key.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @IsOptional()
  @RecordId()
  actor?: string;

  @ApiProperty({ description: 'Only entries from this time on.', example: '2026-11-01T00:00:00Z' })
  @IsOptional()
  @UtcTime()
  from?: Date;

  @ApiProperty({ description: 'Only entries before this time.', example: '2026-12-01T00:00:00Z' })
  @IsOptional()
  @UtcTime()
  to?: Date;

  @ApiProperty({
    description: 'Only records of this owner, or of `all`. Any but your own require audit:read.',
  })
  @OwnerFilter()
  owner?: string;
}

const ACTORS = ['user', 'apiKey', 'system'] as const;

export class ActorDto {
  @ApiProperty({ description: '`system`: the product itself.', example: 'user' })
  @IsIn(ACTORS)
  kind!: string;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @Nullable()
  @RecordId()
  id!: string | null;
}

export class FieldChangeDto {
  @ApiProperty({ example: 'status' })
  @IsString()
  field!: string;

  @ApiProperty({
    description:
      'null if there was no value. Both `from` and `to` are null in fields whose values are not kept.',
    example: 'open',
  })
  @Nullable()
  @IsJson()
  from!: unknown;

  @ApiProperty({ example: 'closed' })
  @Nullable()
  @IsJson()
  to!: unknown;
}

/** An action on a record. */
export class AuditEntryDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f9' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  at!: Date;

  @ApiProperty()
  @ValidateNested()
  @Type(() => ActorDto)
  actor!: ActorDto;

  @ApiProperty({ description: 'null if the record has no owner.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @Nullable()
  @RecordId()
  ownerId!: string | null;

  @ApiProperty({ example: 'projects.updated' })
  @IsString()
  action!: string;

  @ApiProperty({ example: 'projects/66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsString()
  record!: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => FieldChangeDto)
  changes!: FieldChangeDto[];

  @ApiProperty({
    description: 'The id of the request that made the change; null for the product itself.',
    example: 'req-1',
  })
  @Nullable()
  @IsString()
  requestId!: string | null;

  static from(entry: AuditEntry): AuditEntryDto {
    const { _id, createdAt, actorKind, actorId, ownerId, action, record, changes, requestId } = entry;
    return {
      id: _id.toHexString(),
      at: createdAt,
      actor: { kind: actorKind, id: actorId ?? null },
      ownerId: ownerId?.toHexString() ?? null,
      action,
      record,
      changes: changes.map(({ field, from = null, to = null }) => ({ field, from, to })),
      requestId: requestId ?? null,
    };
  }
}
