import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import { type Defaults, nullsToDefaults, withDefaults } from '../../platform/database/defaults.js';
import { contains } from '../../platform/database/filter.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Once } from '../../platform/idempotency/once.js';
import type { Page } from '../../platform/validation/page-query.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import type {
  CreateProjectDto,
  ListProjectsQuery,
  ReplaceProjectDto,
  UpdateProjectDto,
} from './project.dto.js';
import { type Project, projects } from './project.schema.js';

/** The value of each optional field that is not sent, or is null. */
const DEFAULTS: Defaults<CreateProjectDto, Project> = {
  description: null,
  metadata: {},
};

@Injectable()
export class ProjectsService {
  constructor(@InjectRecords(projects) private readonly records: Records<Project>) {}

  create(scope: Scope, dto: CreateProjectDto, once: Once): Promise<Project> {
    return this.records.create(scope, withDefaults(dto, DEFAULTS), once);
  }

  get(scope: Scope, id: string): Promise<Project> {
    return this.records.get(scope, id);
  }

  list(scope: Scope, query: ListProjectsQuery): Promise<Page<Project>> {
    const { name, owner } = query;
    return this.records.page(scope, query, {
      ...(name && { name: contains(name) }),
      ...(owner && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }),
    });
  }

  replace(scope: Scope, id: string, ifMatch: Precondition, dto: ReplaceProjectDto): Promise<Project> {
    return this.records.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS));
  }

  update(scope: Scope, id: string, ifMatch: Precondition, dto: UpdateProjectDto): Promise<Project> {
    return this.records.update(scope, id, ifMatch, nullsToDefaults(dto, DEFAULTS));
  }

  remove(scope: Scope, id: string, ifMatch: Precondition): Promise<Project> {
    return this.records.remove(scope, id, ifMatch);
  }
}
