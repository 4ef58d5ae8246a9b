import { ApiProperty, PartialType } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { OwnedRecordDto } from '../../platform/database/record.dto.js';
import { Compose, Name, Nullable, OwnerFilter, Text } from '../../platform/validation/fields.js';
import { IsMetadata, type Metadata } from '../../platform/validation/is-metadata.js';
import { PageQuery } from '../../platform/validation/page-query.js';
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
  @ApiProperty({ description: 'Only projects whose name contains this text, ignoring case.', example: 'web' })
  @IsOptional()
  @Compose(100)
  @Text(0, 100)
  name?: string;

  @ApiProperty({ description: 'Projects of this user, or of `all`. Needs projects:read.' })
  @OwnerFilter()
  owner?: string;
}

/** A project in responses. */
export class ProjectDto extends OwnedRecordDto {
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

  static from(project: Project): ProjectDto {
    return {
      ...OwnedRecordDto.of(project),
      name: project.name,
      description: project.description ?? null,
      metadata: project.metadata,
    };
  }
}
