import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RecordsModule } from '../../platform/database/records.module.js';
import { MailModule } from '../../platform/mail/mail.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { EmailChangeController } from './email-change.controller.js';
import { EmailChangeService } from './email-change.service.js';
import { formerAddresses } from './former-address.schema.js';
import { FormerAddresses } from './former-addresses.js';
import { LinksToAccounts } from './links-to-accounts.js';
import { MailLink, MailLinkSchema } from './mail-link.schema.js';
import { MailLinksService } from './mail-links.service.js';
import { MailedAccountController } from './mailed-account.controller.js';
import { MailedAccountService } from './mailed-account.service.js';

/** Links in mails, which work once: a new password, a proved address, another address. */
@Module({
  imports: [
    MongooseModule.forFeature([{ name: MailLink.name, schema: MailLinkSchema }]),
    RecordsModule.for(formerAddresses),
    AuthModule,
    MailModule,
    SessionsModule,
    UsersModule,
  ],
  controllers: [MailedAccountController, EmailChangeController],
  providers: [EmailChangeService, FormerAddresses, LinksToAccounts, MailedAccountService, MailLinksService],
  exports: [MailLinksService],
})
export class MailLinksModule {}
