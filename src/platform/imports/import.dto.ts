import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { List, RecordId, Text } from '../validation/fields.js';

const MAX_IGNORED = 100;
/** Longest name of a column. */
export const MAX_NAME = 200;

/** The body of an import that refers to a file instead of containing rows. */
export class ImportFileDto {
  @ApiProperty({
    description: 'The id of a file with rows that the caller may read.',
    example: '66f1a0c2e4b0a1b2c3d4e5f6',
  })
  @RecordId()
  fileId!: string;
}

export class ImportQuery {
  @ApiProperty({
    description: 'Columns to leave out, separated by commas, such as those that only the server sets.',
    example: 'id,ownerId,version,createdAt,updatedAt',
  })
  @IsOptional()
  @Text(1, MAX_IGNORED * MAX_NAME)
  ignore?: string;
}

/** The input of an import's execution: where its rows are stored. */
export class ImportDto {
  @RecordId()
  id!: string;

  @IsInt()
  rows!: number;

  @IsInt()
  parts!: number;

  @List(MAX_IGNORED)
  @IsString({ each: true })
  ignore!: string[];
}

/** Why a row was refused, as for a single request. */
export interface RefusedRow {
  /** The line of the file in which the row begins, from 1. */
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/** The result of an import. */
export interface ImportResult {
  readonly rows: number;
  readonly created: number;
  readonly refused: readonly RefusedRow[];
  /** Faults beyond those of `refused`. */
  readonly more: number;
}
