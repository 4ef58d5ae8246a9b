import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { UsersModule } from '../users/users.module.js';
import { AuthServer } from './auth-server.js';
import { IdentitiesController } from './identities.controller.js';
import { IdentitiesService } from './identities.service.js';
import { Identity, IdentitySchema } from './identity.schema.js';
import { SupabaseService } from './supabase.service.js';
import { SupabaseTokens } from './supabase-tokens.js';

/** Signing in with access tokens of a Supabase project. */
@Module({
  imports: [UsersModule, MongooseModule.forFeature([{ name: Identity.name, schema: IdentitySchema }])],
  controllers: [IdentitiesController],
  providers: [AuthServer, IdentitiesService, SupabaseService, SupabaseTokens],
  exports: [SupabaseService],
})
export class SupabaseModule {}
