import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsDate, IsIn, IsOptional } from 'class-validator';
import { Nullable, QueryFlag, Text } from '../../platform/validation/fields.js';
import { schemaOf } from '../../platform/validation/json-schema.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { UserDto } from '../users/user.dto.js';

/** Every role that a user can have. */
export const ROLES = (schemaOf(UserDto).properties?.['role']?.enum ?? []) as readonly string[];

export class ConsoleUsersQuery extends OmitType(PageQuery, ['cursor', 'offset']) {
  @ApiProperty({ description: 'Only users whose address is this one or begins with it.', example: 'ada@' })
  @IsOptional()
  @Text(1, 254)
  email?: string;

  @IsOptional()
  @IsIn(ROLES)
  role?: string;

  @QueryFlag()
  disabled?: boolean;
}

/** A user in the lists of administrators and moderators. */
export class ConsoleUserDto extends UserDto {
  @ApiProperty({ description: 'null if nothing is known of any sign-in or change.' })
  @Nullable()
  @IsDate()
  lastSeen!: Date | null;
}
