import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { contains } from '../../platform/database/filter.js';
import { Repositories, type Repository } from '../../platform/database/repository.js';
import type { Transaction } from '../../platform/database/transactions.js';
import type { Precondition } from '../../platform/http/entity-tag.js';
import type { Page } from '../../platform/http/page.js';
import type { Scope, UserId } from '../../platform/security/caller.js';
import type {
  CreateProjectDto,
  ListProjectsQuery,
  ReplaceProjectDto,
  UpdateProjectDto,
} from './project.dto.js';
import { Project } from './project.schema.js';

@Injectable()
export class ProjectsService {
  private readonly projects: Repository<Project>;

  constructor(@InjectModel(Project.name) model: Model<Project>, repositories: Repositories) {
    this.projects = repositories.of(model, { resource: 'project' });
  }

  /** @throws ApiError PROJECT_NAME_TAKEN */
  create(owner: UserId, dto: CreateProjectDto, transaction?: Transaction): Promise<Project> {
    const { name, description = null, metadata } = dto;
    const ownerId = new Types.ObjectId(owner);
    return this.projects.insert({ ownerId, name, description, metadata: metadata ?? {} }, transaction);
  }

  /** @throws ApiError PROJECT_NOT_FOUND */
  get(scope: Scope, id: string): Promise<Project> {
    return this.projects.get(scope, id);
  }

  list(scope: Scope, query: ListProjectsQuery): Promise<Page<Project>> {
    const { name, owner } = query;
    return this.projects.page(scope, query, {
      ...(name && { name: contains(name) }),
      ...(owner && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }),
    });
  }

  /** @throws ApiError PROJECT_NOT_FOUND, PROJECT_NAME_TAKEN, PRECONDITION_FAILED, CONFLICT */
  replace(scope: Scope, id: string, ifMatch: Precondition, dto: ReplaceProjectDto): Promise<Project> {
    const { name, description = null, metadata } = dto;
    return this.projects.update(scope, id, ifMatch, { name, description, metadata: metadata ?? {} });
  }

  /** @throws ApiError PROJECT_NOT_FOUND, PROJECT_NAME_TAKEN, PRECONDITION_FAILED, CONFLICT */
  update(scope: Scope, id: string, ifMatch: Precondition, dto: UpdateProjectDto): Promise<Project> {
    const cleared = dto.metadata === null && { metadata: {} };
    return this.projects.update(scope, id, ifMatch, { ...dto, ...cleared });
  }

  /** @throws ApiError PROJECT_NOT_FOUND, PRECONDITION_FAILED */
  remove(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    return this.projects.remove(scope, id, ifMatch);
  }
}
