import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { ContentQuery } from './file.dto.js';
import { IsDate, IsInt, IsString, Matches, Max, Min } from 'class-validator';

/** A week, in seconds. */
const LONGEST = 604_800;

export class CreateLinkDto {
  @ApiProperty({ description: 'In seconds, at most a week.', example: 3_600 })
  @IsInt()
  @Min(1)
  @Max(LONGEST)
  expiresIn!: number;
}

export class LinkQuery {
  @ApiProperty({
    description: 'The token in the link.',
    example: 'ZvGgwuSwobLD1OX6pG2fJc0vQe5yV1bT8nKzR4mW7hXa3uLd',
  })
  @Matches(/^[\w-]{1,200}$/, { message: '$property must be the token of a link' })
  @IsString()
  token!: string;
}

export class SharedQuery extends IntersectionType(LinkQuery, ContentQuery) {}

/** A link in responses. Anyone who has it can read the file. */
export class FileLinkDto {
  @ApiProperty({
    example:
      'https://app.example.com/api/v1/files/66f1a0c2e4b0a1b2c3d4e5fb/shared?token=ZvGgwuSwobLD1OX6pG2fJc0vQe5yV1bT8nKzR4mW7hXa3uLd',
  })
  @IsString()
  url!: string;

  @ApiProperty({ example: '2026-11-22T11:00:00.000Z' })
  @IsDate()
  expiresAt!: Date;
}
