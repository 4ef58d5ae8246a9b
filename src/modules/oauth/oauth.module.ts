import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../auth/auth.module.js';
import { IdentitiesModule } from '../identities/identities.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { OAuthCode, OAuthCodeSchema } from './oauth-code.schema.js';
import { OAuthCodes } from './oauth-codes.js';
import { OAuthCodesController } from './oauth-codes.controller.js';
import { OAuthController } from './oauth.controller.js';
import { OAuthFlows } from './oauth-flows.js';
import { OAuthService } from './oauth.service.js';
import { OAuthUsers } from './oauth-users.js';
import { Providers } from './providers.js';

/** Signing in with Google, GitHub, Microsoft and any other OpenID Connect issuer. */
@Module({
  imports: [
    MongooseModule.forFeature([{ name: OAuthCode.name, schema: OAuthCodeSchema }]),
    AuthModule,
    IdentitiesModule,
    SessionsModule,
    UsersModule,
  ],
  // The first one's addresses would be names of providers to the other.
  controllers: [OAuthCodesController, OAuthController],
  providers: [OAuthCodes, OAuthFlows, OAuthService, OAuthUsers, Providers],
})
export class OAuthModule {}
