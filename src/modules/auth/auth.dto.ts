import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { ClaimedAddress, EmailAddress, IsCleanText, Name } from '../../platform/validation/fields.js';
import { ClaimedPassword, NewPassword } from '../../platform/validation/passwords.js';
import { UserDto } from '../users/user.dto.js';
import { AuthConfig } from './auth.config.js';

export class RegisterDto {
  @ApiProperty({ description: 'Nobody else may have it.', example: 'ada@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({
    description:
      'At most 72 bytes of UTF-8. None of the most common ones, and without the name in the address.',
    example: 'correct horse battery',
  })
  @NewPassword()
  password!: string;

  @ApiProperty({ description: 'By default the part of the address before the @.', example: 'Ada Lovelace' })
  @IsOptional()
  @Name(100)
  name?: string | null;
}

export class LoginDto {
  @ApiProperty({ example: 'ada@example.com' })
  @ClaimedAddress()
  email!: string;

  @ApiProperty({ example: 'correct horse battery' })
  @ClaimedPassword()
  password!: string;

  /** Where a module asks for it, which adds the field's rules. */
  otp?: string | null;
}

/** What is sent to sign in without a password. */
export class OtherSignInDto {
  /** Where a module asks for it, which adds the field's rules. */
  otp?: string | null;
}

/** A refresh token, not yet verified. */
function RefreshToken(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      description: 'The latest one: each can be used for one refresh.',
      example: `fvr_${'Zm9v'.repeat(22)}`,
    }),
    IsString(),
    Length(1, 200),
    IsCleanText(),
  );
}

export class RefreshDto {
  @RefreshToken()
  refreshToken!: string;
}

export class LogoutDto {
  @IsOptional()
  @RefreshToken()
  refreshToken?: string | null;
}

/** The response to signing in and refreshing. */
export class SignedInDto {
  @ApiProperty({ description: 'For `Authorization: Bearer`.', example: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln' })
  @IsString()
  accessToken!: string;

  @ApiProperty({ example: 'Bearer' })
  @IsIn(['Bearer'])
  tokenType!: 'Bearer';

  @ApiProperty({
    description: 'Seconds until the access token expires.',
    example: new AuthConfig().accessTokenLifetimeS,
  })
  @IsInt()
  expiresIn!: number;

  @RefreshToken()
  refreshToken!: string;

  @ApiProperty()
  @ValidateNested()
  @Type(() => UserDto)
  user!: UserDto;
}
