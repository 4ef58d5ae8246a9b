import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsString, Length } from 'class-validator';
import { ClaimedAddress, EmailAddress, IsCleanText } from '../../platform/validation/fields.js';
import { NewPassword } from '../../platform/validation/passwords.js';

const TOKEN = 'kX3bTq0vJm8Zr5YwN1cLhA7sEoUiD2fGp9RjWn4KxQM';

/** The token of a mailed link, not yet looked up. */
function MailedToken(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, 128), IsCleanText());
}

export class ForgotPasswordDto {
  @ApiProperty({ example: 'ada@example.com' })
  @ClaimedAddress()
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

export class ChangeEmailDto {
  @ApiProperty({ description: 'The new address.', example: 'lovelace@example.com' })
  @EmailAddress()
  email!: string;
}

/** The result of redeeming a link. */
export class EmailChangedDto {
  @ApiProperty({ description: 'The current address of the user.', example: 'lovelace@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ description: 'Whether a change was undone, and everybody signed out.', example: false })
  @IsBoolean()
  undone!: boolean;
}

export class VerifyEmailDto {
  @ApiProperty({ description: 'What follows `#token=` in the mailed link.', example: TOKEN })
  @MailedToken()
  token!: string;
}
