import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersMessage } from '../../platform/http/answers.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ChangePasswordDto } from './account.dto.js';
import { AccountService } from './account.service.js';
import { UserErrors } from '../users/user.errors.js';

@ApiSection('account', 'The password of a user, and the proof that mails reach it.', 'account')
@Controller('api/v1/auth')
export class AccountController {
  constructor(private readonly account: AccountService) {}

  @Post('password/change')
  @SignedIn({ apiKeys: false })
  @StepUp({ secondFactor: true })
  @NoStore()
  @ApiOperation({
    summary: 'Change your password',
    description: 'Ends all of your other sessions.',
    operationId: 'changePassword',
  })
  @AnswersMessage('Password changed', {
    errors: [UserErrors.INVALID_CREDENTIALS, UserErrors.WEAK_PASSWORD, 'CONFLICT', 'OVERLOADED'],
  })
  async changePassword(
    @CurrentCaller() caller: Caller,
    @CurrentDevice() device: Device,
    @Body() dto: ChangePasswordDto,
  ): Promise<void> {
    await this.account.changePassword(caller, device, dto);
  }
}
