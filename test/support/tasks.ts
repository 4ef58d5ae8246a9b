import {
  Body,
  Controller,
  Delete,
  Get,
  Injectable,
  Module,
  Param,
  Patch,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import { ApiProperty, PartialType } from '@nestjs/swagger';
import { InjectModel, Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { IsInt, IsOptional, IsString } from 'class-validator';
import mongoose, { type Model, Types } from 'mongoose';
import { AppModule } from '../../src/app.module.js';
import { type Defaults, nullsToDefaults, withDefaults } from '../../src/platform/database/defaults.js';
import { OwnedRecord, RECORD_OPTIONS, StoredRecord } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import type { Transaction } from '../../src/platform/database/transactions.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { mapPage, type Page, PageQuery } from '../../src/platform/validation/page-query.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { CurrentScope, OwnerOr, Requires, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { List, Name, Nullable, RecordId, Reference } from '../../src/platform/validation/fields.js';

const { ObjectId } = mongoose.Schema.Types;

@Schema({ ...RECORD_OPTIONS, collection: 'trial_labels' })
export class TrialLabel extends StoredRecord {
  @Prop({ type: String, required: true, maxlength: 60 })
  name!: string;
}

const LabelSchema = SchemaFactory.createForClass(TrialLabel);
// All lists.
LabelSchema.index({ createdAt: -1, _id: -1 });
// A name is there once.
LabelSchema.index({ name: 1 }, { unique: true });

const trialLabels = resource({
  name: 'label',
  record: TrialLabel,
  schema: LabelSchema,
  shared: true,
  unique: ['name'],
});

@Schema({ ...RECORD_OPTIONS, collection: 'trial_tasks' })
export class TrialTask extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 300 })
  title!: string;

  @Prop({ type: [String], default: () => [] })
  tags!: string[];

  @Prop({ type: ObjectId, ref: 'Project' })
  projectId?: Types.ObjectId | null;

  @Prop({ type: ObjectId, ref: 'TrialLabel' })
  labelId?: Types.ObjectId | null;

  @Prop({ type: ObjectId, ref: 'TrialTask' })
  parentId?: Types.ObjectId | null;

  @Prop({ type: ObjectId, ref: 'User' })
  assigneeId?: Types.ObjectId | null;
}

const TaskSchema = SchemaFactory.createForClass(TrialTask);
// An owner's tasks.
TaskSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// Everybody's.
TaskSchema.index({ createdAt: -1, _id: -1 });
// An owner has each title once in a project.
TaskSchema.index({ ownerId: 1, title: 1, projectId: 1 }, { unique: true });
for (const field of ['projectId', 'labelId', 'parentId', 'assigneeId']) {
  // What refers to a record.
  TaskSchema.index({ [field]: 1 }, { partialFilterExpression: { [field]: { $exists: true } } });
}

export const trialTasks = resource({
  name: 'task',
  record: TrialTask,
  schema: TaskSchema,
  unique: ['projectId'],
  permissions: [],
});

class CreateTrialTaskDto {
  @ApiProperty({ example: 'Sweep' })
  @Name(100)
  title!: string;

  @ApiProperty({ example: ['soon'] })
  @IsOptional()
  @List(3)
  @Name(10, { each: true })
  tags?: string[] | null;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsOptional()
  @Reference()
  projectId?: Types.ObjectId | null;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsOptional()
  @Reference()
  labelId?: Types.ObjectId | null;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsOptional()
  @Reference()
  parentId?: Types.ObjectId | null;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsOptional()
  @Reference()
  assigneeId?: Types.ObjectId | null;
}

class ReplaceTrialTaskDto extends CreateTrialTaskDto {}
class UpdateTrialTaskDto extends PartialType(CreateTrialTaskDto, { skipNullProperties: false }) {}

class ListTrialTasksQuery extends PageQuery {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @IsOptional()
  @Reference()
  projectId?: Types.ObjectId;
}

export class TrialTaskDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'Sweep' })
  @IsString()
  title!: string;

  @ApiProperty({ example: ['soon'] })
  @List(3)
  @IsString({ each: true })
  tags!: string[];

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @Nullable()
  @RecordId()
  projectId!: string | null;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @Nullable()
  @RecordId()
  parentId!: string | null;

  @ApiProperty({ example: 1 })
  @IsInt()
  version!: number;

  static from(task: TrialTask): TrialTaskDto {
    return {
      id: task._id.toHexString(),
      title: task.title,
      tags: task.tags,
      projectId: task.projectId?.toHexString() ?? null,
      parentId: task.parentId?.toHexString() ?? null,
      version: task.version,
    };
  }
}

const DEFAULTS: Defaults<CreateTrialTaskDto, TrialTask> = {
  tags: [],
  projectId: null,
  labelId: null,
  parentId: null,
  assigneeId: null,
};

/** Tasks, which refer to projects, labels, users and each other, and labels, which belong to nobody. */
@Injectable()
export class TrialTasksService {
  constructor(
    @InjectModel(TrialTask.name) readonly model: Model<TrialTask>,
    @InjectRecords(trialTasks) readonly tasks: Records<TrialTask>,
    @InjectRecords(trialLabels) readonly labels: Records<TrialLabel>,
  ) {}

  create(scope: Scope, dto: CreateTrialTaskDto, within?: Once | Transaction): Promise<TrialTask> {
    return this.tasks.create(scope, withDefaults(dto, DEFAULTS), within);
  }

  list(scope: Scope, query: ListTrialTasksQuery): Promise<Page<TrialTask>> {
    const { projectId } = query;
    return this.tasks.page(scope, query, { ...(projectId !== undefined && { projectId }) });
  }

  replace(scope: Scope, id: string, ifMatch: Precondition, dto: ReplaceTrialTaskDto): Promise<TrialTask> {
    return this.tasks.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS));
  }

  update(scope: Scope, id: string, ifMatch: Precondition, dto: UpdateTrialTaskDto): Promise<TrialTask> {
    return this.tasks.update(scope, id, ifMatch, nullsToDefaults(dto, DEFAULTS));
  }
}

@ApiSection('tasks', 'What is to be done.')
@Controller('api/v1/trial-tasks')
export class TrialTasksController {
  constructor(private readonly tasks: TrialTasksService) {}

  @Post()
  @SignedIn()
  @Answers(TrialTaskDto, { status: 201, errors: trialTasks.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateTrialTaskDto,
    @CreateOnce() once: Once,
  ): Promise<TrialTaskDto> {
    return TrialTaskDto.from(await this.tasks.create(scope, dto, once));
  }

  @Get()
  @SignedIn()
  @AnswersPage(TrialTaskDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListTrialTasksQuery): Promise<Page<TrialTaskDto>> {
    return mapPage(await this.tasks.list(scope, query), TrialTaskDto.from);
  }

  @Put(':id')
  @OwnerOr('users:write')
  @Answers(TrialTaskDto, { errors: trialTasks.errors.update })
  async replace(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: ReplaceTrialTaskDto,
  ): Promise<TrialTaskDto> {
    return TrialTaskDto.from(await this.tasks.replace(scope, id, ifMatch, dto));
  }

  @Patch(':id')
  @OwnerOr('users:write')
  @Answers(TrialTaskDto, { errors: trialTasks.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateTrialTaskDto,
  ): Promise<TrialTaskDto> {
    return TrialTaskDto.from(await this.tasks.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @OwnerOr('users:write')
  @AnswersMessage('TrialTask deleted', { errors: trialTasks.errors.remove })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.tasks.tasks.remove(scope, id, ifMatch);
  }

  @Delete('of-nobody/:id')
  @Requires('users:write')
  @AnswersMessage('TrialLabel deleted', { errors: trialLabels.errors.remove })
  async removeLabel(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.tasks.labels.remove(scope, id, ifMatch);
  }
}

@Module({
  imports: [RecordsModule.for(trialTasks, trialLabels)],
  controllers: [TrialTasksController],
  providers: [TrialTasksService],
})
class TrialTasksModule {}

export const TASKS = '/api/v1/trial-tasks';
export const LABELS = '/api/v1/trial-tasks/of-nobody';

/** Adds a feature with references and a shared one to the application that this test file builds. */
export function addTasks(): void {
  Module({ imports: [TrialTasksModule] })(AppModule);
}
