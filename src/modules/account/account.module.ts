import { Module } from '@nestjs/common';
import { MailLinksModule } from '../mail-links/mail-links.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account.controller.js';
import { AccountService } from './account.service.js';

/** What users do about their own password and address. */
@Module({
  imports: [UsersModule, MailLinksModule, SessionsModule],
  controllers: [AccountController],
  providers: [AccountService],
})
export class AccountModule {}
