import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentScope, OwnerOr } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';
import { ExportOf, FORMATS } from '../../platform/bulk/export.dto.js';
import { Exporter } from '../../platform/bulk/exporter.js';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersRaw } from '../../platform/http/answers.js';
import { AuditEntryDto, AuditQuery } from '../audit/audit.dto.js';
import { AuditErrors } from '../audit/audit.errors.js';
import { AuditService } from '../audit/audit.service.js';

class ExportAuditQuery extends ExportOf(AuditQuery) {}

@ApiSection('audit', 'Who changed what, and when.', 'work')
@Controller('api/v1/audit')
export class AuditExportController {
  constructor(
    private readonly service: AuditService,
    private readonly exporter: Exporter,
  ) {}

  @Get('export')
  @OwnerOr('audit:read')
  @OrganizationRequires('admin')
  @ApiOperation({
    summary: 'Export who changed what',
    description:
      'All that the list would answer, as a file: a table whose cells no spreadsheet runs, or a line of JSON for each entry.',
    operationId: 'exportAudit',
  })
  @AnswersRaw(FORMATS.csv, {
    errors: [AuditErrors.AUDIT_RECORD_NOT_FOUND, 'FORBIDDEN', 'DEADLINE_EXCEEDED'],
  })
  @ApiProduces(...Object.values(FORMATS))
  async run(
    @CurrentScope() scope: Scope,
    @Query() query: ExportAuditQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.exporter.send(reply, { plural: 'audit' }, AuditEntryDto, query, (page: AuditQuery) =>
      this.service.list(scope, page),
    );
  }
}
