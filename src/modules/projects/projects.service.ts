import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type Defaults, nullsToDefaults, withDefaults } from '../../platform/database/defaults.js';
import { contains } from '../../platform/database/filter.js';
import { Repositories, type Repository } from '../../platform/database/repository.js';
import type { Transaction } from '../../platform/database/transactions.js';
import type { Precondition } from '../../platform/http/entity-tag.js';
import type { Page } from '../../platform/http/page.js';
import type { Scope } from '../../platform/security/caller.js';
import type {
  CreateProjectDto,
  ListProjectsQuery,
  ReplaceProjectDto,
  UpdateProjectDto,
} from './project.dto.js';
import { Project } from './project.schema.js';

/** What an optional field is when it is not sent, or null. */
const DEFAULTS: Defaults<CreateProjectDto, Project> = {
  description: null,
  metadata: {},
};

@Injectable()
export class ProjectsService {
  private readonly projects: Repository<Project>;

  constructor(@InjectModel(Project.name) model: Model<Project>, repositories: Repositories) {
    this.projects = repositories.of(model, { resource: 'project', readers: 'projects:read' });
  }

  /** @throws ApiError PROJECT_NAME_TAKEN */
  create(scope: Scope, dto: CreateProjectDto, transaction?: Transaction): Promise<Project> {
    return this.projects.create(scope, withDefaults(dto, DEFAULTS), transaction);
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
    return this.projects.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS));
  }

  /** @throws ApiError PROJECT_NOT_FOUND, PROJECT_NAME_TAKEN, PRECONDITION_FAILED, CONFLICT */
  update(scope: Scope, id: string, ifMatch: Precondition, dto: UpdateProjectDto): Promise<Project> {
    return this.projects.update(scope, id, ifMatch, nullsToDefaults(dto, DEFAULTS));
  }

  /** @throws ApiError PROJECT_NOT_FOUND, PRECONDITION_FAILED */
  remove(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    return this.projects.remove(scope, id, ifMatch);
  }
}
