import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers } from '../../platform/http/answers.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { IdentitiesService } from '../identities/identities.service.js';
import { IdentityDto } from '../identities/identity.dto.js';
import { IdentityErrors } from '../identities/identity.errors.js';
import { LinkIdentityDto } from './link-identity.dto.js';
import { SupabaseErrors } from './supabase.errors.js';
import { SupabaseService } from './supabase.service.js';

@ApiSection('identities', 'Whom users are elsewhere, and sign in as from there.', 'account')
@Controller('api/v1/auth/identities')
export class LinkIdentityController {
  constructor(
    private readonly service: SupabaseService,
    private readonly identities: IdentitiesService,
  ) {}

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
      IdentityErrors.IDENTITY_TAKEN,
      IdentityErrors.IDENTITY_LIMIT_REACHED,
      IdentityErrors.IDENTITY_NOT_FOUND,
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
      (id) => this.identities.get(owner, id),
    );
    return IdentityDto.from(identity);
  }
}
