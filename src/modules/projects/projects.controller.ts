import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { IfMatch, type Precondition } from '../../platform/http/entity-tag.js';
import { mapPage, type Page } from '../../platform/http/page.js';
import { IdParams } from '../../platform/http/record-id.dto.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentScope, OwnerOr, SignedIn } from '../../platform/security/access.js';
import type { Scope } from '../../platform/security/caller.js';
import {
  CreateProjectDto,
  ListProjectsQuery,
  ProjectDto,
  ReplaceProjectDto,
  UpdateProjectDto,
} from './project.dto.js';
import { ProjectsService } from './projects.service.js';

@ApiSection('projects', 'What users work on. A project belongs to the user who created it.')
@Controller('api/v1/projects')
export class ProjectsController {
  constructor(private readonly projects: ProjectsService) {}

  @Post()
  @SignedIn()
  @ApiOperation({
    summary: 'Create a project',
    description: 'It belongs to the caller.',
    operationId: 'createProject',
  })
  @Answers(ProjectDto, { status: 201, errors: ['PROJECT_NAME_TAKEN', 'PROJECT_NOT_FOUND'] })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateProjectDto,
    @CreateOnce() once: Once,
  ): Promise<ProjectDto> {
    const project = await once.run(
      (transaction) => this.projects.create(scope, dto, transaction),
      (id) => this.projects.get(scope, id),
    );
    return ProjectDto.from(project);
  }

  @Get()
  @OwnerOr('projects:read', { parameter: 'owner' })
  @ApiOperation({ summary: 'List projects', description: 'Newest first.', operationId: 'listProjects' })
  @AnswersPage(ProjectDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListProjectsQuery): Promise<Page<ProjectDto>> {
    return mapPage(await this.projects.list(scope, query), ProjectDto.from);
  }

  @Get(':id')
  @OwnerOr('projects:read')
  @ApiOperation({ summary: 'Get a project', operationId: 'getProject' })
  @Answers(ProjectDto, { errors: ['PROJECT_NOT_FOUND'] })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ProjectDto> {
    return ProjectDto.from(await this.projects.get(scope, id));
  }

  @Put(':id')
  @OwnerOr('projects:write')
  @ApiOperation({
    summary: 'Replace a project',
    description: 'What is not sent is reset.',
    operationId: 'replaceProject',
  })
  @Answers(ProjectDto, { errors: ['PROJECT_NOT_FOUND', 'PROJECT_NAME_TAKEN'] })
  async replace(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: ReplaceProjectDto,
  ): Promise<ProjectDto> {
    return ProjectDto.from(await this.projects.replace(scope, id, ifMatch, dto));
  }

  @Patch(':id')
  @OwnerOr('projects:write')
  @ApiOperation({
    summary: 'Change a project',
    description:
      'Changes what is sent. null clears an optional field; lists and objects are replaced as a whole.',
    operationId: 'updateProject',
  })
  @Answers(ProjectDto, { errors: ['PROJECT_NOT_FOUND', 'PROJECT_NAME_TAKEN'] })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateProjectDto,
  ): Promise<ProjectDto> {
    return ProjectDto.from(await this.projects.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @OwnerOr('projects:write')
  @ApiOperation({ summary: 'Delete a project', operationId: 'deleteProject' })
  @AnswersMessage('Project deleted', { errors: ['PROJECT_NOT_FOUND'] })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.projects.remove(scope, id, ifMatch);
  }
}
