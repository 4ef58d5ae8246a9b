import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { StepUp } from '../../platform/access/step-up.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { IfMatch } from '../../platform/http/entity-tag.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { type Page, PageQuery } from '../../platform/validation/page-query.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateOrganizationDto, OrganizationDto, UpdateOrganizationDto } from './organization.dto.js';
import { OrganizationErrors } from './organization.errors.js';
import { organizations } from './organization.schema.js';
import { OrganizationsService } from './organizations.service.js';

@ApiSection('organizations', 'Users who share records, and what each of them may do.')
@Controller('api/v1/organizations')
export class OrganizationsController {
  constructor(private readonly service: OrganizationsService) {}

  @Post()
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Create an organization',
    description: 'The caller becomes its owner, and needs a verified email address.',
    operationId: 'createOrganization',
  })
  @Answers(OrganizationDto, {
    status: 201,
    errors: ['EMAIL_NOT_VERIFIED', OrganizationErrors.ORGANIZATION_LIMIT_REACHED, organizations.notFound],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() dto: CreateOrganizationDto,
    @CreateOnce() once: Once,
  ): Promise<OrganizationDto> {
    const { _id } = await once.run(
      (transaction) => this.service.create(caller, dto, transaction),
      (id) => this.service.find(caller.id, id),
    );
    return this.service.get(caller.id, _id.toHexString());
  }

  @Get()
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'List your organizations',
    description: 'The most recently joined one comes first.',
    operationId: 'listOrganizations',
  })
  @AnswersPage(OrganizationDto)
  list(@CurrentCaller() { id }: Caller, @Query() query: PageQuery): Promise<Page<OrganizationDto>> {
    return this.service.list(id, query);
  }

  @Get(':id')
  @SignedIn({ apiKeys: false })
  @ApiOperation({ summary: 'Get an organization', operationId: 'getOrganization' })
  @Answers(OrganizationDto, { errors: [organizations.notFound] })
  get(@CurrentCaller() caller: Caller, @Param() { id }: IdParams): Promise<OrganizationDto> {
    return this.service.get(caller.id, id);
  }

  @Patch(':id')
  @SignedIn({ apiKeys: false })
  @ApiOperation({
    summary: 'Rename an organization',
    description: 'Requires the role `owner`.',
    operationId: 'updateOrganization',
  })
  @Answers(OrganizationDto, { errors: [organizations.notFound, 'FORBIDDEN'] })
  update(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateOrganizationDto,
  ): Promise<OrganizationDto> {
    return this.service.update(caller.id, id, ifMatch, dto);
  }

  @Delete(':id')
  @SignedIn({ apiKeys: false })
  @StepUp()
  @ApiOperation({
    summary: 'Delete an organization',
    description: 'With everything that belongs to it. Requires the role `owner`; cannot be undone.',
    operationId: 'deleteOrganization',
  })
  @AnswersMessage('Organization deleted', { errors: [organizations.notFound, 'FORBIDDEN'] })
  async remove(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.service.remove(caller.id, id, ifMatch);
  }
}
