import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString } from 'class-validator';
import { RecordDto } from '../../platform/database/record.dto.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { ClaimedAddress, EmailAddress, Name, Omittable } from '../../platform/validation/fields.js';
import { ClaimedPassword, NewPassword } from '../../platform/validation/passwords.js';
import { ROLES, type Role } from './roles.js';
import type { User } from './user.schema.js';

export class CreateUserDto {
  @ApiProperty({ description: 'Nobody else may have it.', example: 'ada@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ example: 'Ada Lovelace' })
  @Name(100)
  name!: string;

  @ApiProperty({
    description:
      'At most 72 bytes of UTF-8. None of the most common ones, and without the name in the address. Without it, the user gets a mail with a link to choose one.',
    example: 'correct horse battery',
  })
  @IsOptional()
  @NewPassword()
  password?: string | null;

  @ApiProperty({ description: '`user` when absent.', example: 'moderator' })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role | null;
}

/** PATCH changes what is sent. */
export class UpdateUserDto {
  @ApiProperty({ example: 'Ada Lovelace' })
  @Omittable()
  @Name(100)
  name?: string;

  @ApiProperty({ description: 'Needs users:write.', example: 'moderator' })
  @Omittable()
  @IsIn(ROLES)
  role?: Role;

  @ApiProperty({ description: 'Whether the user may not sign in. Needs users:write.', example: false })
  @Omittable()
  @IsBoolean()
  disabled?: boolean;
}

export class DeleteSelfDto {
  @ApiProperty({
    description: 'Of the user who is deleted; not needed after a recent proof of identity.',
    example: 'correct horse battery',
  })
  @IsOptional()
  @ClaimedPassword()
  password?: string | null;

  /** Where a module asks for it, which adds the field's rules. */
  otp?: string | null;
}

export class ListUsersQuery extends PageQuery {
  @ApiProperty({ description: 'Only the user with this address.', example: 'ada@example.com' })
  @IsOptional()
  @ClaimedAddress()
  email?: string;
}

/** A user in responses. */
export class UserDto extends RecordDto {
  @ApiProperty({ example: 'ada@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ example: 'Ada Lovelace' })
  @IsString()
  name!: string;

  @ApiProperty({ example: 'user' })
  @IsIn(ROLES)
  role!: Role;

  @ApiProperty({ description: 'May not sign in.', example: false })
  @IsBoolean()
  disabled!: boolean;

  @ApiProperty({ description: 'Whether the address is verified.', example: false })
  @IsBoolean()
  emailVerified!: boolean;

  @ApiProperty({ description: 'Signs in with a second factor.', example: false })
  @IsBoolean()
  otpEnabled!: boolean;

  static from(user: User): UserDto {
    const { email, name, role, disabled, emailVerified, otpEnabled } = user;
    return { ...RecordDto.of(user), email, name, role, disabled, emailVerified, otpEnabled };
  }
}
