import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersMessage } from '../../platform/http/answers.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { MailConfig } from '../../platform/mail/mail.config.js';
import { mailRefusal } from '../../platform/mail/mail-transport.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { ForgotPasswordDto, ResetPasswordDto, VerifyEmailDto } from './mailed-account.dto.js';
import { MailedAccountService } from './mailed-account.service.js';
import { UserErrors } from '../users/user.errors.js';
import { MailLinkErrors } from './mail-link.errors.js';

@ApiSection('account', 'The password of a user, and the proof that mails reach it.', 'account')
@Controller('api/v1/auth')
export class MailedAccountController {
  constructor(private readonly account: MailedAccountService) {}

  @Post('password/forgot')
  @Public({ refuse: (config) => mailRefusal(config.of(MailConfig), config.of(ProcessConfig)) })
  @NoStore()
  @ApiOperation({
    summary: 'Ask for a new password',
    description:
      'Mails a link to the address if it belongs to a user. The response is the same if it does not.',
    operationId: 'forgotPassword',
  })
  @AnswersMessage('If the address belongs to a user, a mail is on its way', {
    status: 202,
    errors: ['MAIL_NOT_CONFIGURED'],
  })
  async forgotPassword(@CurrentDevice() device: Device, @Body() dto: ForgotPasswordDto): Promise<void> {
    await this.account.forgotPassword(device, dto);
  }

  @Post('password/reset')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Choose a password by a mailed link',
    description: 'Ends every session of the user and verifies its address. The link works once.',
    operationId: 'resetPassword',
  })
  @AnswersMessage('Password set', {
    errors: [MailLinkErrors.INVALID_RESET_TOKEN, UserErrors.WEAK_PASSWORD, 'OVERLOADED'],
  })
  async resetPassword(@CurrentDevice() device: Device, @Body() dto: ResetPasswordDto): Promise<void> {
    await this.account.resetPassword(device, dto);
  }

  @Post('email/verify')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Verify an address by a mailed link',
    description: 'The link works once.',
    operationId: 'verifyEmail',
  })
  @AnswersMessage('Email address verified', { errors: [MailLinkErrors.INVALID_RESET_TOKEN] })
  async verifyEmail(@Body() dto: VerifyEmailDto): Promise<void> {
    await this.account.verifyEmail(dto);
  }

  @Post('email/verify/request')
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'Request another verification mail',
    description: 'Nothing is mailed if the address is already verified.',
    operationId: 'requestEmailVerification',
  })
  @AnswersMessage('If the address is not verified yet, a mail is on its way', {
    status: 202,
    errors: ['MAIL_NOT_CONFIGURED'],
  })
  async requestVerification(@CurrentCaller() caller: Caller): Promise<void> {
    await this.account.requestVerification(caller);
  }
}
