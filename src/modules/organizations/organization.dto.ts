import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsIn, IsString, Length } from 'class-validator';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../platform/access/memberships.js';
import { RecordDto } from '../../platform/database/record.dto.js';
import { EmailAddress, IsCleanText, Name, Omittable, RecordId } from '../../platform/validation/fields.js';
import type { UserDto } from '../users/user.dto.js';
import type { Invitation } from './invitation.schema.js';
import type { OrganizationMember } from './member.schema.js';
import type { Organization } from './organization.schema.js';

const ABOUT_ROLES =
  '`viewer` reads records, `member` writes them, `admin` manages members and invitations, `owner` everything.';

export class CreateOrganizationDto {
  @ApiProperty({ example: 'Analytical Engines' })
  @Name(100)
  name!: string;
}

/** PATCH changes only the fields that are sent. */
export class UpdateOrganizationDto {
  @ApiProperty({ example: 'Analytical Engines' })
  @Omittable()
  @Name(100)
  name?: string;
}

/** An organization as a member sees it. */
export class OrganizationDto extends RecordDto {
  @ApiProperty({ example: 'Analytical Engines' })
  @IsString()
  name!: string;

  @ApiProperty({ description: `The role of the caller. ${ABOUT_ROLES}`, example: 'owner' })
  @IsIn(ORGANIZATION_ROLES)
  role!: OrganizationRole;

  static from(this: void, organization: Organization, role: OrganizationRole): OrganizationDto {
    return { ...RecordDto.of(organization), name: organization.name, role };
  }
}

export class MemberParams {
  @ApiProperty({ description: 'Id of the organization.', example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'Id of the member.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  userId!: string;
}

export class ChangeMemberDto {
  @ApiProperty({ description: `Only owners can appoint and change owners. ${ABOUT_ROLES}`, example: 'owner' })
  @IsIn(ORGANIZATION_ROLES)
  role!: OrganizationRole;
}

/** A member as the other members see it. */
export class MemberDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  userId!: string;

  @ApiProperty({ example: 'ada@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ example: 'Ada Lovelace' })
  @IsString()
  name!: string;

  @ApiProperty({ description: ABOUT_ROLES, example: 'member' })
  @IsIn(ORGANIZATION_ROLES)
  role!: OrganizationRole;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  joinedAt!: Date;

  static of({ id, email, name }: UserDto, { role, createdAt }: OrganizationMember): MemberDto {
    return { userId: id, email, name, role, joinedAt: createdAt };
  }
}

export class InvitationParams {
  @ApiProperty({ description: 'Id of the organization.', example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'Id of the invitation.', example: '66f1a0c2e4b0a1b2c3d4e5fc' })
  @RecordId()
  invitationId!: string;
}

export class InviteDto {
  @ApiProperty({ example: 'grace@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ description: `Only owners invite owners. ${ABOUT_ROLES}`, example: 'member' })
  @IsIn(ORGANIZATION_ROLES)
  role!: OrganizationRole;
}

export class InvitationTokenDto {
  @ApiProperty({
    description: 'What follows `#token=` in the mailed link.',
    example: 'p0Y2k1lT3b8nKzR4mW7hXa3uLdS9EoYiPq2Ckx7QkWs',
  })
  @IsString()
  @Length(1, 128)
  @IsCleanText()
  token!: string;
}

/** An invitation in responses, without its link. */
export class InvitationDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fc' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  organizationId!: string;

  @ApiProperty({ example: 'Analytical Engines' })
  @IsString()
  organizationName!: string;

  @ApiProperty({ example: 'grace@example.com' })
  @EmailAddress()
  email!: string;

  @ApiProperty({ description: ABOUT_ROLES, example: 'member' })
  @IsIn(ORGANIZATION_ROLES)
  role!: OrganizationRole;

  @ApiProperty({
    description: 'The user who sent the latest invitation.',
    example: '66f1a0c2e4b0a1b2c3d4e5f6',
  })
  @RecordId()
  invitedBy!: string;

  @ApiProperty({ example: '2026-11-29T10:00:00.000Z' })
  @IsDate()
  expiresAt!: Date;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  static of(invitation: Invitation, organizationName: string): InvitationDto {
    const { _id, organizationId, email, role, invitedBy, expiresAt, createdAt } = invitation;
    return {
      id: _id.toHexString(),
      organizationId: organizationId.toHexString(),
      organizationName,
      email,
      role,
      invitedBy: invitedBy.toHexString(),
      expiresAt,
      createdAt,
    };
  }
}
