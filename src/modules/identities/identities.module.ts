import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { UsersModule } from '../users/users.module.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentitiesService } from './identities.service.js';
import { identities } from './identity.schema.js';

/** Users' identities at other providers, for the modules that let users sign in with them. */
@Module({
  imports: [UsersModule, RecordsModule.for(identities)],
  controllers: [IdentitiesController],
  providers: [IdentitiesService],
  exports: [IdentitiesService],
})
export class IdentitiesModule {}
