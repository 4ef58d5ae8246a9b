import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { invitations } from './invitation.schema.js';
import { InvitationsService } from './invitations.service.js';
import {
  InvitationDto,
  InvitationParams,
  InvitationTokenDto,
  InviteDto,
  OrganizationDto,
} from './organization.dto.js';
import { OrganizationErrors } from './organization.errors.js';
import { organizations } from './organization.schema.js';

@ApiSection('organizations', 'Users who share records, and what each of them may do.')
@Controller('api/v1')
export class InvitationsController {
  constructor(private readonly service: InvitationsService) {}

  @Post('organizations/:id/invitations')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Invite somebody',
    description:
      'Mails a link to the address. Requires the role `admin`. Another invitation to the same address replaces the first, whose link becomes invalid.',
    operationId: 'invite',
  })
  @Answers(InvitationDto, {
    status: 201,
    errors: [
      organizations.notFound,
      'FORBIDDEN',
      OrganizationErrors.ALREADY_A_MEMBER,
      OrganizationErrors.INVITATION_LIMIT_REACHED,
      invitations.notFound,
      'MAIL_NOT_CONFIGURED',
    ],
  })
  async invite(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @Body() dto: InviteDto,
    @CreateOnce() once: Once,
  ): Promise<InvitationDto> {
    const invitation = await once.run(
      (transaction) => this.service.invite(caller.id, id, dto, transaction),
      (invitationId) => this.service.get(caller.id, id, invitationId),
    );
    return this.service.shown(invitation);
  }

  @Get('organizations/:id/invitations')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'List open invitations',
    description: 'Newest first. Requires the role `admin`.',
    operationId: 'listInvitations',
  })
  @AnswersPage(InvitationDto, { errors: [organizations.notFound, 'FORBIDDEN'] })
  list(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @Query() query: PageQuery,
  ): Promise<Page<InvitationDto>> {
    return this.service.list(caller.id, id, query);
  }

  @Delete('organizations/:id/invitations/:invitationId')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Withdraw an invitation',
    description: 'Its link becomes invalid. Requires the role `admin`.',
    operationId: 'withdrawInvitation',
  })
  @AnswersMessage('Invitation deleted', {
    errors: [organizations.notFound, 'FORBIDDEN', invitations.notFound],
  })
  async withdraw(
    @CurrentCaller() caller: Caller,
    @Param() { id, invitationId }: InvitationParams,
  ): Promise<void> {
    await this.service.withdraw(caller.id, id, invitationId);
  }

  @Get('invitations')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'List your invitations',
    description: 'Those to your address, which must be verified, newest first.',
    operationId: 'listOwnInvitations',
  })
  @AnswersPage(InvitationDto, { errors: ['EMAIL_NOT_VERIFIED'] })
  mine(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<InvitationDto>> {
    return this.service.mine(caller, query);
  }

  @Post('invitations/accept')
  @HttpCode(200)
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Join an organization by a mailed link',
    description: 'The invitation must be to your address, which must be verified. The link works once.',
    operationId: 'acceptInvitation',
  })
  @Answers(OrganizationDto, {
    errors: [
      'EMAIL_NOT_VERIFIED',
      OrganizationErrors.INVALID_INVITATION,
      OrganizationErrors.MEMBER_LIMIT_REACHED,
      OrganizationErrors.ORGANIZATION_LIMIT_REACHED,
    ],
  })
  accept(@CurrentCaller() caller: Caller, @Body() { token }: InvitationTokenDto): Promise<OrganizationDto> {
    return this.service.accept(caller, token);
  }

  @Post('invitations/decline')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Decline an invitation by its mailed link',
    description: 'The invitation must be to your address, which must be verified.',
    operationId: 'declineInvitation',
  })
  @AnswersMessage('Invitation declined', {
    errors: ['EMAIL_NOT_VERIFIED', OrganizationErrors.INVALID_INVITATION],
  })
  async decline(@CurrentCaller() caller: Caller, @Body() { token }: InvitationTokenDto): Promise<void> {
    await this.service.decline(caller, token);
  }
}
