import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { UsersModule } from '../users/users.module.js';
import { apiKeys } from './api-key.schema.js';
import { ApiKeyBearers } from './api-key-bearers.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';

/** Keys with which programs act for their user. */
@Module({
  imports: [UsersModule, RecordsModule.for(apiKeys)],
  controllers: [ApiKeysController],
  providers: [ApiKeysService, ApiKeyBearers],
})
export class ApiKeysModule {}
