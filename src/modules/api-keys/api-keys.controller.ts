import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, CurrentScope, SignedIn } from '../../platform/access/access.js';
import type { Caller, Scope } from '../../platform/access/caller.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ApiKeyDto, CreateApiKeyDto, CreatedApiKeyDto } from './api-key.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyErrors } from './api-key.errors.js';
import { apiKeys } from './api-key.schema.js';

@ApiSection(
  'api-keys',
  'Keys for programs. A key has the rights of its user, except over credentials.',
  'account',
)
@Controller('api/v1/auth/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @SignedIn({ apiKeys: false })
  @OrganizationRequires('admin')
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Create an API key',
    description:
      'The answer is the only one that holds the key. A user, or an organization, has at most 50. One that is made in an organization works in it, without the header, and nowhere else, as long as its maker is a member.',
    operationId: 'createApiKey',
  })
  @Answers(CreatedApiKeyDto, { status: 201, errors: [ApiKeyErrors.API_KEY_LIMIT_REACHED, apiKeys.notFound] })
  async create(
    @CurrentCaller() caller: Caller,
    @CurrentScope() scope: Scope,
    @Body() dto: CreateApiKeyDto,
    @CreateOnce() once: Once,
  ): Promise<CreatedApiKeyDto> {
    const record = await once.run(
      (transaction) => this.keys.create(caller, scope, dto, once.seed, transaction),
      (id) => this.keys.get(scope, id),
    );
    return { ...ApiKeyDto.from(record), key: this.keys.textOf(record, once.seed) };
  }

  @Get()
  @SignedIn({ apiKeys: false })
  @OrganizationRequires('admin')
  @NoStore()
  @ApiOperation({
    summary: 'List API keys',
    description: 'Those of the caller, or of the organization, newest first.',
    operationId: 'listApiKeys',
  })
  @AnswersPage(ApiKeyDto)
  async list(@CurrentScope() scope: Scope, @Query() query: PageQuery): Promise<Page<ApiKeyDto>> {
    return mapPage(await this.keys.list(scope, query), ApiKeyDto.from);
  }

  @Delete(':id')
  @SignedIn({ apiKeys: false })
  @OrganizationRequires('admin')
  @NoStore()
  @ApiOperation({
    summary: 'Delete an API key',
    description: 'It is refused from the next request on.',
    operationId: 'deleteApiKey',
  })
  @AnswersMessage('API key deleted', { errors: [apiKeys.notFound] })
  async remove(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<void> {
    await this.keys.remove(scope, id);
  }
}
