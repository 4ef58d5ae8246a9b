import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthServer } from './auth-server.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentitiesService } from './identities.service.js';
import { identities } from './identity.schema.js';
import { SupabaseService } from './supabase.service.js';
import { SupabaseTokens } from './supabase-tokens.js';

/** Signing in with access tokens of a Supabase project. */
@Module({
  imports: [UsersModule, RecordsModule.for(identities)],
  controllers: [IdentitiesController],
  providers: [AuthServer, IdentitiesService, SupabaseService, SupabaseTokens],
})
export class SupabaseModule {}
