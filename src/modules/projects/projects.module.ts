import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { projects } from './project.schema.js';
import { ProjectsController } from './projects.controller.js';
import { ProjectsService } from './projects.service.js';

/** What users work on; the model of every feature. */
@Module({
  imports: [RecordsModule.for(projects)],
  controllers: [ProjectsController],
  providers: [ProjectsService],
})
export class ProjectsModule {}
