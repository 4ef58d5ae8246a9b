import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { MailModule } from '../../platform/mail/mail.module.js';
import { MailLink, MailLinkSchema } from './mail-link.schema.js';
import { MailLinksService } from './mail-links.service.js';

/** Links in mails, which work once: a new password, a proved address. */
@Module({
  imports: [MongooseModule.forFeature([{ name: MailLink.name, schema: MailLinkSchema }]), MailModule],
  providers: [MailLinksService],
  exports: [MailLinksService],
})
export class MailLinksModule {}
