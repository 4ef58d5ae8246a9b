import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentScope, OwnerOr } from '../../platform/access/access.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';
import type { Scope } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page } from '../../platform/validation/page-query.js';
import { audit } from './audit-entry.schema.js';
import { AuditEntryDto, AuditQuery } from './audit.dto.js';
import { AuditErrors } from './audit.errors.js';
import { AuditService } from './audit.service.js';

@ApiSection('audit', 'Who changed what, and when.', 'work')
@Controller('api/v1/audit')
export class AuditController {
  constructor(private readonly service: AuditService) {}

  @Get()
  @OwnerOr(audit.may.read)
  @OrganizationRequires('admin')
  @ApiOperation({
    summary: 'List who changed what',
    description:
      'Newest first: changes to the records and the account of the caller, whoever made them. With audit:read, those of everybody.',
    operationId: 'listAudit',
  })
  @AnswersPage(AuditEntryDto, { errors: [AuditErrors.AUDIT_RECORD_NOT_FOUND, 'FORBIDDEN'] })
  async list(@CurrentScope() scope: Scope, @Query() query: AuditQuery): Promise<Page<AuditEntryDto>> {
    return mapPage(await this.service.list(scope, query), AuditEntryDto.from);
  }
}
