import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { type Device, CurrentDevice } from '../../platform/http/device.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, KnownCaller, Public, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { OptionalBody } from '../../platform/http/input.js';
import { UserDto } from '../users/user.dto.js';
import { UsersConfig } from '../users/users.config.js';
import { LoginDto, LogoutDto, RefreshDto, RegisterDto, SignedInDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';
import { UserErrors } from '../users/user.errors.js';
import { SessionErrors } from '../sessions/session.errors.js';

@ApiSection('auth', 'Registering, signing in, and who is signed in.', 'start')
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  @Public({
    refuse: (config) =>
      config.of(UsersConfig).registration === 'closed' ? UserErrors.REGISTRATION_CLOSED : undefined,
  })
  @NoStore()
  @ApiOperation({
    summary: 'Register as a new user',
    description: 'The new user has the role `user`; only administrators assign roles.',
    operationId: 'register',
  })
  @Answers(UserDto, {
    status: 201,
    location: '/api/v1/users',
    errors: [
      UserErrors.WEAK_PASSWORD,
      UserErrors.EMAIL_TAKEN,
      UserErrors.USER_NOT_FOUND,
      UserErrors.REGISTRATION_CLOSED,
      'OVERLOADED',
    ],
  })
  async register(
    @Body() dto: RegisterDto,
    @CurrentDevice() device: Device,
    @CreateOnce() once: Once,
  ): Promise<UserDto> {
    return UserDto.from(await this.auth.register(dto, device, once));
  }

  @Post('login')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Sign in',
    description:
      'Returns an access token for `Authorization: Bearer`, and a refresh token for when it expires.',
    operationId: 'login',
  })
  @Answers(SignedInDto, {
    errors: [UserErrors.INVALID_CREDENTIALS, 'OVERLOADED'],
  })
  login(@Body() dto: LoginDto, @CurrentDevice() device: Device): Promise<SignedInDto> {
    return this.auth.login(dto, device);
  }

  @Post('refresh')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Stay signed in',
    description:
      'Exchanges a refresh token for new tokens; it is invalid from then on. If it is used again later, somebody has a copy, and its session ends.',
    operationId: 'refresh',
  })
  @Answers(SignedInDto, {
    errors: [
      SessionErrors.INVALID_REFRESH_TOKEN,
      SessionErrors.REFRESH_TOKEN_REUSED,
      SessionErrors.REFRESH_IN_PROGRESS,
    ],
  })
  refresh(@Body() { refreshToken }: RefreshDto, @CurrentDevice() device: Device): Promise<SignedInDto> {
    return this.auth.refresh(refreshToken, device);
  }

  @Post('logout')
  @Public({ identifies: true })
  @OptionalBody()
  @NoStore()
  @ApiOperation({
    summary: 'Sign out',
    description: 'Ends the session of the refresh token or, without one, that of the access token.',
    operationId: 'logout',
  })
  @AnswersMessage('Signed out', {
    errors: [SessionErrors.INVALID_REFRESH_TOKEN, 'UNAUTHENTICATED', 'FORBIDDEN'],
  })
  logout(@Body() { refreshToken }: LogoutDto, @KnownCaller() caller: Caller | undefined): Promise<void> {
    return this.auth.logout(refreshToken, caller);
  }

  @Get('me')
  @SignedIn()
  @NoStore()
  @ApiOperation({
    summary: 'Get the signed-in user',
    description: 'With its current role.',
    operationId: 'getMe',
  })
  @Answers(UserDto)
  me(@CurrentCaller() caller: Caller): Promise<UserDto> {
    return this.auth.me(caller);
  }
}
