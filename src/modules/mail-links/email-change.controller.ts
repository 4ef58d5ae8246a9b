import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ChangeEmailDto, EmailChangedDto, VerifyEmailDto } from './mailed-account.dto.js';
import { EmailChangeService } from './email-change.service.js';
import { MailLinkErrors } from './mail-link.errors.js';
import { UserErrors } from '../users/user.errors.js';

@ApiSection('account', 'The password of a user, and the proof that mails reach it.', 'account')
@Controller('api/v1/auth/email/change')
export class EmailChangeController {
  constructor(private readonly changes: EmailChangeService) {}

  @Post()
  @SignedIn({ apiKeys: false })
  @StepUp()
  @NoStore()
  @ApiOperation({
    summary: 'Ask for another email address',
    description:
      'Mails a link to the new address, which confirms the change, and one to the old address, which undoes it for 7 days. The response is the same if the address is taken.',
    operationId: 'changeEmail',
  })
  @AnswersMessage('If the address is free, a mail to it is on its way', {
    status: 202,
    errors: ['MAIL_NOT_CONFIGURED'],
  })
  async request(@CurrentCaller() caller: Caller, @Body() dto: ChangeEmailDto): Promise<void> {
    await this.changes.request(caller, dto);
  }

  @Post('confirm')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Change the email address by a mailed link, or undo that',
    description:
      'The link to the new address ends every other session. The link to the old address restores it, or prevents the change if it is still pending; it ends every session, and removes API keys, identities, a second factor of the last days, and a password that was changed since.',
    operationId: 'confirmEmailChange',
  })
  @Answers(EmailChangedDto, { errors: [MailLinkErrors.INVALID_RESET_TOKEN, UserErrors.EMAIL_TAKEN] })
  confirm(@Body() dto: VerifyEmailDto): Promise<EmailChangedDto> {
    return this.changes.confirm(dto);
  }
}
