import { ApiProperty } from '@nestjs/swagger';
import { ClaimedPassword, NewPassword } from '../../platform/validation/passwords.js';

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
