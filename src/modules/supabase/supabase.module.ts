import { Module } from '@nestjs/common';
import { IdentitiesModule } from '../identities/identities.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthServer } from './auth-server.js';
import { LinkIdentityController } from './link-identity.controller.js';
import { SupabaseService } from './supabase.service.js';
import { SupabaseTokens } from './supabase-tokens.js';

/** Signing in with access tokens of a Supabase project. */
@Module({
  imports: [IdentitiesModule, UsersModule],
  controllers: [LinkIdentityController],
  providers: [AuthServer, SupabaseService, SupabaseTokens],
})
export class SupabaseModule {}
