import { Module } from '@nestjs/common';
import { Authenticator } from '../../platform/security/access.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { TokenAuthenticator } from './token-authenticator.js';

/** Registering, signing in, and knowing who sends a request. */
@Module({
  imports: [UsersModule],
  controllers: [AuthController],
  providers: [AuthService, AccessTokens, { provide: Authenticator, useClass: TokenAuthenticator }],
})
export class AuthModule {}
