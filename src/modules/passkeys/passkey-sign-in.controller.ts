import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { type Device, CurrentDevice } from '../../platform/http/device.js';
import { NoStore } from '../../platform/http/headers.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { SignedInDto } from '../auth/auth.dto.js';
import { PasskeyOptionsDto, ShowPasskeyDto } from './passkey.dto.js';
import { PasskeyErrors } from './passkey.errors.js';
import { PasskeyProofs } from './passkey-proofs.js';
import { PasskeySignIn } from './passkey-sign-in.js';

@ApiSection('passkeys', 'Signing in with the fingerprint, face or PIN of a device.', 'account')
@Controller('api/v1/auth')
export class PasskeySignInController {
  constructor(
    private readonly proofs: PasskeyProofs,
    private readonly service: PasskeySignIn,
  ) {}

  @Post('login/passkey/options')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Begin to sign in with a passkey',
    description: 'What the browser needs to look for one, in `navigator.credentials.get`.',
    operationId: 'passkeyLoginOptions',
  })
  @Answers(PasskeyOptionsDto, { errors: [PasskeyErrors.PASSKEYS_NOT_CONFIGURED] })
  async options(): Promise<PasskeyOptionsDto> {
    return { publicKey: await this.proofs.options() };
  }

  @Post('login/passkey')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Sign in with a passkey',
    description:
      'The response is the same as for signing in with a password. No second factor is required: a passkey counts as two.',
    operationId: 'loginByPasskey',
  })
  @Answers(SignedInDto, {
    errors: [PasskeyErrors.INVALID_PASSKEY, PasskeyErrors.PASSKEYS_NOT_CONFIGURED, 'UNAUTHENTICATED'],
  })
  login(@Body() { credential }: ShowPasskeyDto, @CurrentDevice() device: Device): Promise<SignedInDto> {
    return this.service.signIn(credential, device);
  }

  @Post('step-up/passkey')
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'Prove that it is you with a passkey',
    description: 'With the options of `POST /auth/login/passkey/options`. Counts like `POST /auth/step-up`.',
    operationId: 'stepUpByPasskey',
  })
  @AnswersMessage('Identity proved', {
    errors: [PasskeyErrors.INVALID_PASSKEY, PasskeyErrors.PASSKEYS_NOT_CONFIGURED],
  })
  async stepUp(@CurrentCaller() caller: Caller, @Body() { credential }: ShowPasskeyDto): Promise<void> {
    await this.service.prove(caller, credential);
  }
}
