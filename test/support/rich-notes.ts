import { Body, Controller, Get, Injectable, Module, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { Types } from 'mongoose';
import { AppModule } from '../../src/app.module.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { CurrentCaller, SignedIn } from '../../src/platform/access/access.js';
import { type Caller, scopeOf } from '../../src/platform/access/caller.js';
import { Nullable, RecordId, Text } from '../../src/platform/validation/fields.js';
import { RichText } from '../../src/platform/validation/rich-text.js';

@Schema({ ...RECORD_OPTIONS, collection: 'trial_rich_notes' })
class TrialNote extends OwnedRecord {
  @Prop({ type: String })
  title?: string | null;

  @Prop({ type: String })
  text?: string | null;
}

const trialNotes = resource({
  name: 'note',
  record: TrialNote,
  schema: SchemaFactory.createForClass(TrialNote),
});

class CreateNoteDto {
  @ApiProperty({ example: 'Groceries' })
  @IsOptional()
  @Text(0, 1000)
  title?: string | null;

  @ApiProperty({ example: '<p>Bread</p>' })
  @IsOptional()
  @RichText(1000)
  text?: string | null;
}

class ReplaceNoteDto extends CreateNoteDto {}
class UpdateNoteDto extends PartialType(CreateNoteDto, { skipNullProperties: false }) {}

class NoteDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'Groceries' })
  @Nullable()
  @IsString()
  title!: string | null;

  @ApiProperty({ example: '<p>Bread</p>' })
  @Nullable()
  @IsString()
  text!: string | null;

  @ApiProperty({ example: 1 })
  @IsInt()
  version!: number;

  static from({ _id, title = null, text = null, version }: TrialNote): NoteDto {
    return { id: String(_id), title, text, version };
  }
}

@Injectable()
class NotesService {
  constructor(@InjectRecords(trialNotes) readonly notes: Records<TrialNote>) {}
}

@ApiSection('notes', 'Notes with rich text.')
@Controller('api/v1/trial-rich-notes')
class NotesController {
  constructor(private readonly service: NotesService) {}

  @Post()
  @SignedIn()
  @Answers(NoteDto, { status: 201 })
  async create(
    @CurrentCaller() { id: owner }: Caller,
    @Body() dto: CreateNoteDto,
    @CreateOnce() once: Once,
  ): Promise<NoteDto> {
    const { notes } = this.service;
    const ownerId = new Types.ObjectId(owner);
    const note = await once.run(
      (transaction) => notes.insert({ ownerId, ...dto }, transaction),
      (id) => notes.get(scopeOf(owner), id),
    );
    return NoteDto.from(note);
  }

  @Get(':id')
  @SignedIn()
  @Answers(NoteDto)
  async get(@CurrentCaller() { id: owner }: Caller, @Param() { id }: IdParams): Promise<NoteDto> {
    return NoteDto.from(await this.service.notes.get(scopeOf(owner), id));
  }

  @Put(':id')
  @SignedIn()
  @Answers(NoteDto)
  async replace(
    @CurrentCaller() { id: owner }: Caller,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() { title = null, text = null }: ReplaceNoteDto,
  ): Promise<NoteDto> {
    return NoteDto.from(await this.service.notes.update(scopeOf(owner), id, ifMatch, { title, text }));
  }

  @Patch(':id')
  @SignedIn()
  @Answers(NoteDto)
  async update(
    @CurrentCaller() { id: owner }: Caller,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateNoteDto,
  ): Promise<NoteDto> {
    return NoteDto.from(await this.service.notes.update(scopeOf(owner), id, ifMatch, { ...dto }));
  }
}

@Module({
  imports: [RecordsModule.for(trialNotes)],
  controllers: [NotesController],
  providers: [NotesService],
})
class NotesModule {}

export const RICH_NOTES = '/api/v1/trial-rich-notes';

/** Adds a feature with a rich text to the application that this test file builds. */
export function addRichNotes(): void {
  Module({ imports: [NotesModule] })(AppModule);
}
