import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import './otp-in-bodies.js';
import { OtpController } from './otp.controller.js';
import { OtpService } from './otp.service.js';
import { secondFactors } from './second-factor.schema.js';
import { SecondFactorService } from './second-factor.service.js';

/** One-time codes of authenticator apps (TOTP), and recovery codes. Other modules decide which routes require them. */
@Module({
  imports: [RecordsModule.for(secondFactors), SessionsModule, UsersModule],
  controllers: [OtpController],
  providers: [OtpService, SecondFactorService],
})
export class SecondFactorModule {}
