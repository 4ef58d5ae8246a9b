import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityDto, LinkIdentityDto } from './identity.dto.js';
import { SupabaseErrors } from './supabase.errors.js';
import { identities } from './identity.schema.js';

@ApiSection('identities', 'Identities of a Supabase project that sign in as a user.', 'account')
@Controller('api/v1/auth/identities')
export class IdentitiesController {
  constructor(private readonly service: IdentitiesService) {}

  @Post()
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Link a Supabase identity',
    description: 'From then on its access tokens sign in as the caller. A user has at most 10.',
    operationId: 'linkIdentity',
  })
  @Answers(IdentityDto, {
    status: 201,
    errors: [
      SupabaseErrors.IDENTITY_TAKEN,
      SupabaseErrors.IDENTITY_LIMIT_REACHED,
      identities.notFound,
      SupabaseErrors.AUTH_SERVER_UNAVAILABLE,
    ],
  })
  async link(
    @CurrentCaller() { id: owner }: Caller,
    @Body() { accessToken }: LinkIdentityDto,
    @CreateOnce() once: Once,
  ): Promise<IdentityDto> {
    const identity = await once.run(
      (transaction) => this.service.link(owner, accessToken, transaction),
      (id) => this.service.get(owner, id),
    );
    return IdentityDto.from(identity);
  }

  @Get()
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'List linked identities',
    description: 'Those of the caller, newest first.',
    operationId: 'listIdentities',
  })
  @AnswersPage(IdentityDto)
  async list(@CurrentCaller() { id }: Caller, @Query() query: PageQuery): Promise<Page<IdentityDto>> {
    return mapPage(await this.service.list(id, query), IdentityDto.from);
  }

  @Delete(':id')
  @SignedIn({ apiKeys: false })
  @StepUp()
  @NoStore()
  @ApiOperation({
    summary: 'Unlink an identity',
    description: 'Its access tokens do not sign in as the caller any more, from the next request on.',
    operationId: 'unlinkIdentity',
  })
  @AnswersMessage('Identity unlinked', { errors: [identities.notFound, SupabaseErrors.LAST_WAY_IN] })
  async unlink(@CurrentCaller() caller: Caller, @Param() { id }: IdParams): Promise<void> {
    await this.service.unlink(caller.id, id);
  }
}
