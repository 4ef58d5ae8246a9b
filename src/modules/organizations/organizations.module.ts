import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { MailModule } from '../../platform/mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { invitations } from './invitation.schema.js';
import { InvitationsController } from './invitations.controller.js';
import { InvitationsService } from './invitations.service.js';
import { members } from './member.schema.js';
import { MembersController } from './members.controller.js';
import { OrganizationMembers } from './organization-members.js';
import { organizations } from './organization.schema.js';
import { OrganizationsController } from './organizations.controller.js';
import { OrganizationsService } from './organizations.service.js';
import { TRANSFER_ROUTES } from './transfer-routes.js';
import { TransfersService } from './transfers.service.js';

/** Nest reads it after all features are loaded, so this list must not be copied. */
@Module({ controllers: TRANSFER_ROUTES, providers: [TransfersService] })
class TransfersModule {}

/** Organizations of users who share records: `X-Organization-Id` selects one for a request. */
@Module({
  imports: [RecordsModule.for(organizations, members, invitations), MailModule, TransfersModule, UsersModule],
  controllers: [OrganizationsController, MembersController, InvitationsController],
  providers: [OrganizationMembers, OrganizationsService, InvitationsService],
})
export class OrganizationsModule {}
