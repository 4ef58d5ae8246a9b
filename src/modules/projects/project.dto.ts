import { ApiProperty, PartialType } from '@nestjs/swagger';
import { IsDate, IsInt, IsOptional, IsString } from 'class-validator';
import { PageQuery } from '../../platform/http/page.js';
import { Compose, Name, Nullable, OwnerFilter, RecordId, Text } from '../../platform/validation/fields.js';
import { IsMetadata, type Metadata } from '../../platform/validation/is-metadata.js';
import type { Project } from './project.schema.js';

export class CreateProjectDto {
  @ApiProperty({ description: 'Unique among the projects of its owner.', example: 'Website relaunch' })
  @Name(100)
  name!: string;

  @ApiProperty({ example: 'New design and a faster shop' })
  @IsOptional()
  @Text(0, 500)
  description?: string | null;

  @ApiProperty({
    description: 'At most 16 KiB, 5 levels, 200 keys.',
    example: { colour: 'blue', tags: ['web'] },
  })
  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

/** PUT replaces the whole project: what is not sent is reset. */
export class ReplaceProjectDto extends CreateProjectDto {}

/** PATCH changes what is sent; null clears an optional field. */
export class UpdateProjectDto extends PartialType(CreateProjectDto, { skipNullProperties: false }) {}

export class ListProjectsQuery extends PageQuery {
  @ApiProperty({
    description: 'Only projects whose name contains this text, whatever its case.',
    example: 'web',
  })
  @IsOptional()
  @Compose(100)
  @Text(0, 100)
  name?: string;

  @ApiProperty({ description: 'Projects of this user, or of `all`. Needs projects:read.', example: 'all' })
  @OwnerFilter()
  owner?: string;
}

/** A project as it is answered. */
export class ProjectDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  ownerId!: string;

  @ApiProperty({ example: 'Website relaunch' })
  @IsString()
  name!: string;

  @ApiProperty({ example: 'New design and a faster shop' })
  @Nullable()
  @IsString()
  description!: string | null;

  @ApiProperty({ example: { colour: 'blue', tags: ['web'] } })
  @IsMetadata()
  metadata!: Metadata;

  @ApiProperty({ description: 'Rises with every change; also the ETag.', example: 1 })
  @IsInt()
  version!: number;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  updatedAt!: Date;

  static from(project: Project): ProjectDto {
    return {
      id: project._id.toHexString(),
      ownerId: project.ownerId.toHexString(),
      name: project.name,
      description: project.description ?? null,
      metadata: project.metadata,
      version: project.version,
      createdAt: project.createdAt,
      updatedAt: project.updatedAt,
    };
  }
}
