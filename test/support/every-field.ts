import { IsBoolean, IsIn, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { Types } from 'mongoose';
import {
  Compose,
  EmailAddress,
  List,
  Name,
  OwnerFilter,
  QueryFlag,
  QueryInteger,
  QueryNumber,
  RecordId,
  Reference,
  SafeInteger,
  Text,
  UtcTime,
  WebUrl,
} from '../../src/platform/validation/fields.js';
import { IsMetadata, type Metadata } from '../../src/platform/validation/is-metadata.js';
import { RichText } from '../../src/platform/validation/rich-text.js';

const EACH = { each: true } as const;

/** A body with every kind of field that features may have. */
export class EveryField {
  @Name(20)
  name!: string;

  @IsNumber()
  @Min(0)
  amount!: number;

  @SafeInteger(0)
  count!: number;

  @IsBoolean()
  flag!: boolean;

  @Reference()
  projectId!: Types.ObjectId;

  @IsOptional()
  @Name(10, { min: 0 })
  nickname?: string | null;

  @IsOptional()
  @Text(1, 2000)
  text?: string | null;

  @IsOptional()
  @RichText(200)
  rich?: string | null;

  @IsOptional()
  @SafeInteger()
  integer?: number | null;

  @IsOptional()
  @UtcTime()
  dueAt?: Date | null;

  @IsOptional()
  @EmailAddress()
  email?: string | null;

  @IsOptional()
  @WebUrl()
  url?: string | null;

  @IsOptional()
  @IsIn(['a', 'b'])
  choice?: string | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @IsOptional()
  @Reference()
  parentId?: Types.ObjectId | null;
}

/** A body with lists of every kind. */
export class EveryList {
  @List(5)
  @Name(20, EACH)
  names!: string[];

  @List(3)
  @Text(0, 50, EACH)
  texts!: string[];

  @IsOptional()
  @List(50)
  @EmailAddress(EACH)
  emails?: string[] | null;

  @IsOptional()
  @List(4)
  @WebUrl(EACH)
  urls?: string[] | null;

  @IsOptional()
  @List(4)
  @UtcTime(EACH)
  times?: Date[] | null;

  @IsOptional()
  @List(4)
  @SafeInteger(-5, 5, EACH)
  integers?: number[] | null;

  @IsOptional()
  @List(4)
  @IsNumber({}, EACH)
  @Max(5, EACH)
  numbers?: number[] | null;

  @IsOptional()
  @List(4)
  @IsBoolean(EACH)
  flags?: boolean[] | null;

  @IsOptional()
  @List(4)
  @IsIn(['a', 'b'], EACH)
  choices?: string[] | null;

  @IsOptional()
  @List(4)
  @RecordId(EACH)
  ids?: string[] | null;
}

/** A query with every kind of filter. */
export class EveryFilter {
  @IsOptional()
  @Compose(20)
  @Text(0, 20)
  name?: string;

  @QueryNumber()
  amount?: number;

  @QueryNumber(-5, 5)
  rate?: number;

  @QueryInteger()
  count?: number;

  @QueryInteger(0, 5)
  rank?: number;

  @QueryFlag()
  flag?: boolean;

  @IsOptional()
  @UtcTime()
  dueAt?: Date;

  @IsOptional()
  @EmailAddress()
  email?: string;

  @IsOptional()
  @WebUrl()
  url?: string;

  @IsOptional()
  @IsIn(['a', 'b'])
  choice?: string;

  @IsOptional()
  @Reference()
  projectId?: Types.ObjectId;

  @OwnerFilter()
  owner?: string;
}
