import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ConfirmOtpDto, DisableOtpDto, EnableOtpDto, OtpEnrolmentDto, RecoveryCodesDto } from './otp.dto.js';
import { OtpService } from './otp.service.js';
import { UserErrors } from '../users/user.errors.js';
import { OtpErrors } from './otp.errors.js';

@ApiSection('second factor', 'Signing in with a code of an authenticator app beside the password.', 'account')
@Controller('api/v1/auth/otp')
export class OtpController {
  constructor(private readonly otp: OtpService) {}

  @Post('enable')
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Begin to turn on the second factor',
    description:
      'Returns a secret for an authenticator app. Nothing changes until one of its codes is confirmed.',
    operationId: 'enableOtp',
  })
  @Answers(OtpEnrolmentDto, {
    errors: [UserErrors.INVALID_CREDENTIALS, OtpErrors.OTP_ALREADY_ENABLED, 'CONFLICT', 'OVERLOADED'],
  })
  enable(
    @CurrentCaller() caller: Caller,
    @Body() { password }: EnableOtpDto,
    @CurrentDevice() device: Device,
  ): Promise<OtpEnrolmentDto> {
    return this.otp.enable(caller, password, device);
  }

  @Post('confirm')
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Turn on the second factor',
    description: 'With a code of the app. Returns recovery codes, only once, and ends your other sessions.',
    operationId: 'confirmOtp',
  })
  @Answers(RecoveryCodesDto, { errors: [OtpErrors.INVALID_OTP] })
  confirm(
    @CurrentCaller() caller: Caller,
    @Body() { otp }: ConfirmOtpDto,
    @CurrentDevice() device: Device,
  ): Promise<RecoveryCodesDto> {
    return this.otp.confirm(caller, otp, device);
  }

  @Post('disable')
  @SignedIn({ apiKeys: false })
  @StepUp()
  @NoStore()
  @ApiOperation({
    summary: 'Turn off the second factor',
    description: 'The secret and the recovery codes are deleted.',
    operationId: 'disableOtp',
  })
  @AnswersMessage('Second factor turned off', {
    errors: [UserErrors.INVALID_CREDENTIALS, OtpErrors.INVALID_OTP, 'OVERLOADED'],
  })
  async disable(
    @CurrentCaller() caller: Caller,
    @Body() dto: DisableOtpDto,
    @CurrentDevice() device: Device,
  ): Promise<void> {
    await this.otp.disable(caller, dto, device);
  }
}
