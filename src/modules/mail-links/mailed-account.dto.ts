import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsString, Length } from 'class-validator';
import { ClaimedAddress, EmailAddress, IsCleanText } from '../../platform/validation/fields.js';
import { NewPassword } from '../../platform/validation/passwords.js';

const TOKEN = 'kX3bTq0vJm8Zr5YwN1cLhA7sEoUiD2fGp9RjWn4KxQM';

/** The token of a mailed link. Whether it is one that was mailed, only the database knows. */
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
  @ApiProperty({ description: 'The one that you want to have.', example: 'lovelace@example.com' })
  @EmailAddress()
  email!: string;
}

/** What came of a mailed link. */
export class EmailChangedDto {
  @ApiProperty({ description: 'The address of the user from now on.', example: 'lovelace@example.com' })
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
