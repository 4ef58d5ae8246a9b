import { Body, Controller, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { LAST_OWNER } from '../../platform/access/memberships.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { members } from './member.schema.js';
import { ChangeMemberDto, MemberDto, MemberParams } from './organization.dto.js';
import { organizations } from './organization.schema.js';
import { OrganizationsService } from './organizations.service.js';

@ApiSection('organizations', 'Users who share records, and what each of them may do.')
@Controller('api/v1/organizations')
export class MembersController {
  constructor(private readonly service: OrganizationsService) {}

  @Get(':id/members')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'List the members',
    description: 'The most recent member comes first.',
    operationId: 'listMembers',
  })
  @AnswersPage(MemberDto, { errors: [organizations.notFound] })
  members(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @Query() query: PageQuery,
  ): Promise<Page<MemberDto>> {
    return this.service.members(caller.id, id, query);
  }

  @Patch(':id/members/:userId')
  @SignedIn({ apiKeys: false })
  @StepUp()
  @ApiOperation({
    summary: 'Give a member another role',
    description:
      'Requires the role `admin`. Invalidates the invitations that the member has sent. Takes effect immediately.',
    operationId: 'updateMember',
  })
  @Answers(MemberDto, { errors: [organizations.notFound, members.notFound, 'FORBIDDEN', LAST_OWNER] })
  changeRole(
    @CurrentCaller() caller: Caller,
    @Param() { id, userId }: MemberParams,
    @Body() { role }: ChangeMemberDto,
  ): Promise<MemberDto> {
    return this.service.changeRole(caller.id, id, userId, role);
  }

  @Delete(':id/members/:userId')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Remove a member, or leave',
    description:
      'Removing others requires the role `admin`. What a member has created stays. Takes effect immediately.',
    operationId: 'removeMember',
  })
  @AnswersMessage('Member removed', {
    errors: [organizations.notFound, members.notFound, 'FORBIDDEN', LAST_OWNER],
  })
  async removeMember(@CurrentCaller() caller: Caller, @Param() { id, userId }: MemberParams): Promise<void> {
    await this.service.removeMember(caller.id, id, userId);
  }
}
