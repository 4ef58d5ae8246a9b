import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersMessage } from '../../platform/http/answers.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUpDto } from './step-up.dto.js';
import { StepUpService } from './step-up.service.js';
import { UserErrors } from '../users/user.errors.js';

@ApiSection('auth', 'Registering, signing in, and who is signed in.', 'start')
@Controller('api/v1/auth/step-up')
export class StepUpController {
  constructor(private readonly stepUp: StepUpService) {}

  @Post()
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'Prove that it is you',
    description:
      'With a code if the second factor is on, otherwise with the password. The proof counts for 10 minutes in this session, for requests that would otherwise be answered `STEP_UP_REQUIRED`.',
    operationId: 'stepUp',
  })
  @AnswersMessage('Identity proved', {
    errors: [UserErrors.INVALID_CREDENTIALS, 'OVERLOADED'],
  })
  async prove(
    @CurrentCaller() caller: Caller,
    @Body() dto: StepUpDto,
    @CurrentDevice() device: Device,
  ): Promise<void> {
    await this.stepUp.prove(caller, dto, device);
  }
}
