import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentScope, OwnerOr, SignedIn } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { Transferable } from '../../platform/database/transferable.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { IfMatch } from '../../platform/http/entity-tag.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { mapPage, type Page } from '../../platform/validation/page-query.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import {
  CreateProjectDto,
  ListProjectsQuery,
  ProjectDto,
  ReplaceProjectDto,
  UpdateProjectDto,
} from './project.dto.js';
import { projects } from './project.schema.js';
import { ProjectsService } from './projects.service.js';

@Transferable(projects, ProjectDto)
@ApiSection('projects', 'What users work on. A project belongs to the user who created it.')
@Controller('api/v1/projects')
export class ProjectsController {
  constructor(private readonly service: ProjectsService) {}

  @Post()
  @SignedIn()
  @ApiOperation({
    summary: 'Create a project',
    description: 'It belongs to the caller.',
    operationId: 'createProject',
  })
  @Answers(ProjectDto, { status: 201, errors: projects.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateProjectDto,
    @CreateOnce() once: Once,
  ): Promise<ProjectDto> {
    return ProjectDto.from(await this.service.create(scope, dto, once));
  }

  @Get()
  @OwnerOr(projects.may.read, { parameter: 'owner' })
  @ApiOperation({ summary: 'List projects', description: 'Newest first.', operationId: 'listProjects' })
  @AnswersPage(ProjectDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListProjectsQuery): Promise<Page<ProjectDto>> {
    return mapPage(await this.service.list(scope, query), ProjectDto.from);
  }

  @Get(':id')
  @OwnerOr(projects.may.read)
  @ApiOperation({ summary: 'Get a project', operationId: 'getProject' })
  @Answers(ProjectDto, { errors: projects.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ProjectDto> {
    return ProjectDto.from(await this.service.get(scope, id));
  }

  @Put(':id')
  @OwnerOr(projects.may.write)
  @ApiOperation({
    summary: 'Replace a project',
    description: 'What is not sent is reset.',
    operationId: 'replaceProject',
  })
  @Answers(ProjectDto, { errors: projects.errors.update })
  async replace(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: ReplaceProjectDto,
  ): Promise<ProjectDto> {
    return ProjectDto.from(await this.service.replace(scope, id, ifMatch, dto));
  }

  @Patch(':id')
  @OwnerOr(projects.may.write)
  @ApiOperation({
    summary: 'Change a project',
    description:
      'Changes what is sent. null clears an optional field; lists and objects are replaced as a whole.',
    operationId: 'updateProject',
  })
  @Answers(ProjectDto, { errors: projects.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateProjectDto,
  ): Promise<ProjectDto> {
    return ProjectDto.from(await this.service.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @OwnerOr(projects.may.write)
  @ApiOperation({ summary: 'Delete a project', operationId: 'deleteProject' })
  @AnswersMessage('Project deleted', { errors: projects.errors.remove })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.service.remove(scope, id, ifMatch);
  }
}
