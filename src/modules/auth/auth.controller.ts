import { Body, Controller, Get, Header, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers } from '../../platform/http/answers.js';
import { CurrentCaller, Public, SignedIn } from '../../platform/security/access.js';
import type { Caller } from '../../platform/security/caller.js';
import { UserDto } from '../users/user.dto.js';
import { LoginDto, RegisterDto, SessionDto } from './auth.dto.js';
import { AuthService } from './auth.service.js';

@ApiTags('auth')
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  @Public({ refuse: ({ registration }) => (registration === 'closed' ? 'REGISTRATION_CLOSED' : undefined) })
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Register as a new user', operationId: 'register' })
  @Answers(UserDto, { status: 201, errors: ['EMAIL_TAKEN', 'REGISTRATION_CLOSED', 'OVERLOADED'] })
  async register(@Body() dto: RegisterDto): Promise<UserDto> {
    return UserDto.from(await this.auth.register(dto));
  }

  @Post('login')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Sign in', operationId: 'login' })
  @Answers(SessionDto, { errors: ['INVALID_CREDENTIALS', 'OVERLOADED'] })
  async login(@Body() dto: LoginDto): Promise<SessionDto> {
    const { user, ...session } = await this.auth.login(dto);
    return { ...session, tokenType: 'Bearer', user: UserDto.from(user) };
  }

  @Get('me')
  @SignedIn()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Get the signed-in user', operationId: 'getMe' })
  @Answers(UserDto)
  async me(@CurrentCaller() caller: Caller): Promise<UserDto> {
    return UserDto.from(await this.auth.me(caller));
  }
}
