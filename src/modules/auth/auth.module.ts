import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { Authenticator } from '../../platform/access/access.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { KnownDevice, KnownDeviceSchema } from './known-device.schema.js';
import { KnownDevices } from './known-devices.js';
import { StepUpController } from './step-up.controller.js';
import { StepUpService } from './step-up.service.js';
import { TokenAuthenticator } from './token-authenticator.js';

/** Registration, sign-in, and the authentication of requests. */
@Module({
  imports: [
    MongooseModule.forFeature([{ name: KnownDevice.name, schema: KnownDeviceSchema }]),
    SessionsModule,
    UsersModule,
  ],
  controllers: [AuthController, StepUpController],
  providers: [
    AuthService,
    AccessTokens,
    KnownDevices,
    StepUpService,
    { provide: Authenticator, useClass: TokenAuthenticator },
  ],
  exports: [AuthService, KnownDevices, StepUpService],
})
export class AuthModule {}
