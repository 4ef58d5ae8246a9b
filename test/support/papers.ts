import { Body, Controller, Delete, Param, Patch, Post } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { ApiProperty, PartialType } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { CurrentScope, OwnerOr, SignedIn } from '../../src/platform/access/access.js';
import { type Scope, scopeOf, type UserId } from '../../src/platform/access/caller.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import type { Records } from '../../src/platform/database/records.js';
import { resource } from '../../src/platform/database/resource.js';
import { Transferable } from '../../src/platform/database/transferable.js';
import { Transactions } from '../../src/platform/database/transactions.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersMessage } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { List, Nullable, SafeInteger, Text } from '../../src/platform/validation/fields.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { RichText } from '../../src/platform/validation/rich-text.js';
import { addToApp } from './nest-lab.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

/** A feature of which others are told: a field of each kind that matters there. */
@Schema({ ...RECORD_OPTIONS, collection: 'papers' })
export class Paper extends OwnedRecord {
  @Prop({ type: String, required: true })
  title!: string;

  @Prop({ type: Number })
  pages?: number | null;

  @Prop({ type: String, encrypted: true })
  draft?: string | null;

  @Prop({ type: String, secret: true })
  pin?: string | null;

  @Prop({ type: String, rich: true })
  body?: string | null;

  @Prop({ type: [{ type: String, secret: true }], default: undefined })
  codes?: string[] | null;
}

const PaperSchema = SchemaFactory.createForClass(Paper);
PaperSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });

export const papers = resource({
  name: 'paper',
  record: Paper,
  schema: PaperSchema,
  audit: true,
  webhooks: true,
});

class CreatePaperDto {
  @ApiProperty({ example: 'On ships' })
  @Text(1, 100)
  title!: string;

  @IsOptional()
  @SafeInteger(1)
  pages?: number | null;

  @IsOptional()
  @Text(0, 100)
  draft?: string | null;

  @IsOptional()
  @Text(0, 100)
  pin?: string | null;

  @IsOptional()
  @RichText(1_000)
  body?: string | null;

  @IsOptional()
  @List(3)
  @Text(1, 100, { each: true })
  codes?: string[] | null;
}

class UpdatePaperDto extends PartialType(CreatePaperDto, { skipNullProperties: false }) {}

class PaperDto extends OwnedRecordDto {
  @IsString()
  title!: string;

  @Nullable()
  @IsInt()
  pages!: number | null;

  static from(this: void, paper: Paper): PaperDto {
    return { ...OwnedRecordDto.of(paper), title: paper.title, pages: paper.pages ?? null };
  }
}

export const PAPERS = '/api/v1/papers';

@ApiSection('papers', 'What is written.')
@Controller('api/v1/papers')
class PapersController {
  constructor(@InjectRecords(papers) private readonly records: Records<Paper>) {}

  @Post()
  @SignedIn()
  @Answers(PaperDto, { status: 201, errors: papers.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreatePaperDto,
    @CreateOnce() once: Once,
  ): Promise<PaperDto> {
    return PaperDto.from(await this.records.create(scope, dto, once));
  }

  @Patch(':id')
  @OwnerOr(papers.may.write)
  @Answers(PaperDto, { errors: papers.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdatePaperDto,
  ): Promise<PaperDto> {
    return PaperDto.from(await this.records.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @OwnerOr(papers.may.write)
  @AnswersMessage('Paper deleted', { errors: papers.errors.remove })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.records.remove(scope, id, ifMatch);
  }
}

/** Adds the feature to the application that this test file builds; what it returns undoes it. */
export function addPapers(): () => void {
  Transferable(papers, PaperDto)(PapersController);
  return addToApp({ imports: [RecordsModule.for(papers)], controllers: [PapersController] });
}

/** Creates a paper called `Never` in a transaction that is given up. */
export async function rollBack({ app }: TestApp, { userId }: TestClient): Promise<void> {
  const records = app.get<Records<Paper>>('PaperRecords', { strict: false });
  const given = new Error('given up');
  const work = app.get(Transactions).run(async (transaction) => {
    await records.create(scopeOf(userId as UserId), { title: 'Never' }, transaction);
    throw given;
  });
  await work.catch((error: unknown) => {
    if (error !== given) throw error;
  });
}
