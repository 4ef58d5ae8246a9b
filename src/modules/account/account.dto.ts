import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { EmailAddress, IsCleanText } from '../../platform/validation/fields.js';
import { ClaimedPassword, NewPassword } from '../users/user.dto.js';

const TOKEN = 'kX3bTq0vJm8Zr5YwN1cLhA7sEoUiD2fGp9RjWn4KxQM';

/** The token of a mailed link. Whether it is one that was mailed, only the database knows. */
function MailedToken(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, 128), IsCleanText());
}

export class ChangePasswordDto {
  @ApiProperty({ example: 'correct horse battery' })
  @ClaimedPassword()
  currentPassword!: string;

  @ApiProperty({
    description:
      'At most 72 bytes of UTF-8. None of the most common ones, and without the name in the address.',
    example: 'staple battery horse',
  })
  @NewPassword()
  newPassword!: string;
}

export class ForgotPasswordDto {
  @ApiProperty({ example: 'ada@example.com' })
  @EmailAddress()
  email!: string;
}

export class ResetPasswordDto {
  @ApiProperty({ description: 'What follows `#token=` in the mailed link.', example: TOKEN })
  @MailedToken()
  token!: string;

  @ApiProperty({
    description:
      'At most 72 bytes of UTF-8. None of the most common ones, and without the name in the address.',
    example: 'staple battery horse',
  })
  @NewPassword()
  newPassword!: string;
}

export class VerifyEmailDto {
  @ApiProperty({ description: 'What follows `#token=` in the mailed link.', example: TOKEN })
  @MailedToken()
  token!: string;
}
