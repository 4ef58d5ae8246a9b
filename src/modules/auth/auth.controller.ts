import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers } from '../../platform/http/answers.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/security/access.js';
import type { Caller } from '../../platform/security/caller.js';
import { NoStore } from '../../platform/security/headers.js';
import { UserDto } from '../users/user.dto.js';
import { LoginDto, RegisterDto, SessionDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';

@ApiSection('auth', 'Registering, signing in, and who is signed in.')
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  @Public({ refuse: ({ registration }) => (registration === 'closed' ? 'REGISTRATION_CLOSED' : undefined) })
  @NoStore()
  @ApiOperation({
    summary: 'Register as a new user',
    description: 'The new user has the role `user`; only administrators give roles.',
    operationId: 'register',
  })
  @Answers(UserDto, {
    status: 201,
    errors: ['WEAK_PASSWORD', 'EMAIL_TAKEN', 'REGISTRATION_CLOSED', 'OVERLOADED'],
  })
  register(@Body() dto: RegisterDto): Promise<UserDto> {
    return this.auth.register(dto);
  }

  @Post('login')
  @Public()
  @NoStore()
  @ApiOperation({
    summary: 'Sign in',
    description: 'Gives an access token for `Authorization: Bearer`.',
    operationId: 'login',
  })
  @Answers(SessionDto, { errors: ['INVALID_CREDENTIALS', 'OVERLOADED'] })
  login(@Body() dto: LoginDto): Promise<SessionDto> {
    return this.auth.login(dto);
  }

  @Get('me')
  @SignedIn()
  @NoStore()
  @ApiOperation({
    summary: 'Get the signed-in user',
    description: 'With the role that it has now.',
    operationId: 'getMe',
  })
  @Answers(UserDto)
  me(@CurrentCaller() caller: Caller): Promise<UserDto> {
    return this.auth.me(caller);
  }
}
