import { OmitType } from '@nestjs/swagger';
import { SignedInDto } from '../auth/auth.dto.js';

/** What signing in gives a page: no refresh token, which the cookie holds. */
export class ConsoleSessionDto extends OmitType(SignedInDto, ['refreshToken']) {}
