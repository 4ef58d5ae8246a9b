import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import mongoose, { type Types } from 'mongoose';
import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsIn, IsOptional, IsString } from 'class-validator';
import { CurrentScope, OwnerOr } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersPage } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import { Nullable, Text } from '../../src/platform/validation/fields.js';
import { mapPage, type Page, PageQuery } from '../../src/platform/validation/page-query.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';

const { ObjectId } = mongoose.Schema.Types;
const STATUSES = ['open', 'taken', 'done', 'dropped'] as const;
type Status = (typeof STATUSES)[number];

/** A feature with a state and a command. */
@Schema({ ...RECORD_OPTIONS, collection: 'errands' })
export class Errand extends OwnedRecord {
  @Prop({ type: String, required: true })
  what!: string;

  @Prop({ type: String, enum: STATUSES, default: 'open' })
  status!: Status;

  @Prop({ type: Date })
  doneAt?: Date | null;

  @Prop({ type: ObjectId, ref: 'User' })
  bearerId?: Types.ObjectId | null;
}

const ErrandSchema = SchemaFactory.createForClass(Errand);
ErrandSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
ErrandSchema.index({ createdAt: -1, _id: -1 });
ErrandSchema.index({ bearerId: 1 }, { partialFilterExpression: { bearerId: { $exists: true } } });

export const errands = resource({
  name: 'errand',
  record: Errand,
  schema: ErrandSchema,
  audit: true,
  commands: ['hand-over'],
  states: { status: { open: ['taken', 'dropped'], taken: ['done', 'open'], done: ['open'], dropped: [] } },
  onTransition: ({ to }) => ({ doneAt: to === 'done' ? new Date() : null }),
});

class UpdateErrandDto {
  @ApiProperty({ example: 'open' })
  @IsOptional()
  @IsIn(STATUSES)
  status?: Status;
}

class HandOverDto {
  @Text(1, 100)
  what!: string;
}

class ErrandDto extends OwnedRecordDto {
  @IsString()
  what!: string;

  @IsIn(STATUSES)
  status!: Status;

  @Nullable()
  @IsDate()
  doneAt!: Date | null;

  static from(errand: Errand): ErrandDto {
    const { what, status, doneAt = null } = errand;
    return { ...OwnedRecordDto.of(errand), what, status, doneAt };
  }
}

export const ERRANDS = '/api/v1/errands';

@ApiSection('errands', 'What somebody has to do.')
@Controller('api/v1/errands')
class ErrandsController {
  constructor(@InjectRecords(errands) private readonly records: Records<Errand>) {}

  @Get()
  @OwnerOr(errands.may.read)
  @AnswersPage(ErrandDto)
  async list(@CurrentScope() scope: Scope, @Query() query: PageQuery): Promise<Page<ErrandDto>> {
    return mapPage(await this.records.page(scope, query), ErrandDto.from);
  }

  @Get(':id')
  @OwnerOr(errands.may.read)
  @Answers(ErrandDto, { errors: errands.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ErrandDto> {
    return ErrandDto.from(await this.records.get(scope, id));
  }

  @Patch(':id')
  @OwnerOr(errands.may.write)
  @Answers(ErrandDto, { errors: errands.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateErrandDto,
  ): Promise<ErrandDto> {
    return ErrandDto.from(await this.records.update(scope, id, ifMatch, dto));
  }

  @Post(':id/hand-over')
  @OwnerOr(errands.may['hand-over'])
  @Answers(ErrandDto, { errors: errands.errors.update })
  async handOver(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: HandOverDto,
  ): Promise<ErrandDto> {
    const command = errands.commands['hand-over'];
    return ErrandDto.from(await this.records.update(scope, id, ifMatch, dto, undefined, command));
  }
}

/** What the application has of errands. */
export const ERRANDS_MODULE = {
  imports: [RecordsModule.for(errands)],
  controllers: [ErrandsController],
};
