import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuditExportController } from './audit-export.controller.js';

/** The audit as a file. */
@Module({ imports: [AuditModule], controllers: [AuditExportController] })
export class AuditExportModule {}
