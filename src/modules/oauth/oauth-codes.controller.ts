import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { type Device, CurrentDevice } from '../../platform/http/device.js';
import { NoStore } from '../../platform/http/headers.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { StepUp } from '../../platform/access/step-up.js';
import { SignedInDto } from '../auth/auth.dto.js';
import { IdentityDto } from '../identities/identity.dto.js';
import { IdentityErrors } from '../identities/identity.errors.js';
import { UserErrors } from '../users/user.errors.js';
import { OAuthUsers } from './oauth-users.js';
import { OAuthCodeDto, OAuthTokenDto } from './oauth.dto.js';
import { OAuthErrors } from './oauth.errors.js';

/** Redeems the codes that browsers bring to their clients. */
@ApiSection(
  'sign-in with others',
  'Signing in with Google, GitHub, Microsoft, or another provider.',
  'account',
)
@Controller('api/v1/auth/oauth')
export class OAuthCodesController {
  constructor(private readonly users: OAuthUsers) {}

  @Post('token')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Sign in with the code of a provider',
    description:
      'The response is the same as for signing in with a password. A first sign-in creates a user.',
    operationId: 'redeemOAuthCode',
  })
  @Answers(SignedInDto, {
    errors: [
      OAuthErrors.INVALID_OAUTH_CODE,
      'EMAIL_NOT_VERIFIED',
      UserErrors.REGISTRATION_CLOSED,
      IdentityErrors.ACCOUNT_LINK_REQUIRED,
      'UNAUTHENTICATED',
      'OVERLOADED',
    ],
  })
  token(@Body() dto: OAuthTokenDto, @CurrentDevice() device: Device): Promise<SignedInDto> {
    return this.users.signIn(dto, device);
  }

  @Post('link')
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Link an identity of a provider',
    description: 'From then on it signs in as the caller. A user has at most 10.',
    operationId: 'linkOAuthIdentity',
  })
  @Answers(IdentityDto, {
    errors: [
      OAuthErrors.INVALID_OAUTH_CODE,
      IdentityErrors.IDENTITY_TAKEN,
      IdentityErrors.IDENTITY_LIMIT_REACHED,
    ],
  })
  link(@CurrentCaller() caller: Caller, @Body() dto: OAuthCodeDto): Promise<IdentityDto> {
    return this.users.link(caller, dto);
  }

  @Post('step-up')
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'Prove that it is you through a provider',
    description:
      'For users without a password. Users with a second factor prove with that instead: `POST /auth/step-up`.',
    operationId: 'stepUpByOAuth',
  })
  @AnswersMessage('Identity proved', {
    errors: [OAuthErrors.INVALID_OAUTH_CODE, 'STEP_UP_REQUIRED', IdentityErrors.IDENTITY_NOT_FOUND],
  })
  async stepUp(@CurrentCaller() caller: Caller, @Body() dto: OAuthCodeDto): Promise<void> {
    await this.users.prove(caller, dto);
  }
}
