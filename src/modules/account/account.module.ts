import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { MailLinksModule } from '../mail-links/mail-links.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { AccountService } from './account.service.js';
import { EmailChangeController } from './email-change.controller.js';
import { EmailChangeService } from './email-change.service.js';

/** What users do about their own password and address. */
@Module({
  imports: [AuthModule, UsersModule, MailLinksModule, SessionsModule],
  controllers: [AccountController, EmailChangeController],
  providers: [AccountService, EmailChangeService],
})
export class AccountModule {}
