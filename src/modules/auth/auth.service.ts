import { Injectable } from '@nestjs/common';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Caller } from '../../platform/security/caller.js';
import { UserDto } from '../users/user.dto.js';
import { UsersService } from '../users/users.service.js';
import { AccessTokens, TOKEN_LIFETIME_S } from './access-tokens.js';
import type { LoginDto, RegisterDto, SessionDto } from './auth.dto.js';

@Injectable()
export class AuthService {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: AccessTokens,
    private readonly events: DomainEvents,
  ) {}

  /** @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN */
  async register({ email, password, name }: RegisterDto): Promise<UserDto> {
    const [localPart = email] = email.split('@');
    const user = await this.users.create({ email, password, name: name ?? localPart, role: 'user' });
    this.events.record('user_registered', { userId: String(user._id) });
    return UserDto.from(user);
  }

  /** @throws ApiError INVALID_CREDENTIALS, whichever of the two is wrong and also for a disabled user */
  async login({ email, password }: LoginDto): Promise<SessionDto> {
    const user = await this.users.findByEmail(email);
    const isRight = await this.users.hasPassword(user, password);
    if (!user || !isRight || user.disabled) {
      this.events.record('login_failed', { userId: user ? String(user._id) : undefined });
      throw apiError('INVALID_CREDENTIALS');
    }
    const userId = String(user._id);
    this.events.record('login_succeeded', { userId });
    await this.users.renewHash(user, password);
    return {
      accessToken: this.tokens.sign(userId),
      tokenType: 'Bearer',
      expiresIn: TOKEN_LIFETIME_S,
      user: UserDto.from(user),
    };
  }

  async me({ id }: Caller): Promise<UserDto> {
    return UserDto.from(await this.users.get({ owner: id }, id));
  }
}
