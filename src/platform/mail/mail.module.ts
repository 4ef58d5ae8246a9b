import { Module } from '@nestjs/common';
import { Mailer } from './mailer.js';

/** Mails. Not global: Nest ends global modules, such as the database that mails are composed from, after others. */
@Module({ providers: [Mailer], exports: [Mailer] })
export class MailModule {}
