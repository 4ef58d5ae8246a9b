import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { IdentitiesService } from './identities.service.js';
import { IdentityDto } from './identity.dto.js';
import { identities } from './identity.schema.js';
import { UserErrors } from '../users/user.errors.js';

@ApiSection('identities', 'Whom users are elsewhere, and sign in as from there.', 'account')
@Controller('api/v1/auth/identities')
export class IdentitiesController {
  constructor(private readonly service: IdentitiesService) {}

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
    description:
      'From the next request on it no longer signs in as the caller. Sessions that it has started continue.',
    operationId: 'unlinkIdentity',
  })
  @AnswersMessage('Identity unlinked', { errors: [identities.notFound, UserErrors.LAST_WAY_IN] })
  async unlink(@CurrentCaller() caller: Caller, @Param() { id }: IdParams): Promise<void> {
    await this.service.unlink(caller.id, id);
  }
}
