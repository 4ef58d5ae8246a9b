import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { audit } from './audit-entry.schema.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';

/** Who changed what: written with each change of a resource that declares `audit: true`, and of accounts. */
@Module({
  imports: [RecordsModule.for(audit)],
  controllers: [AuditController],
  providers: [AuditService],
  exports: [AuditService],
})
export class AuditModule {}
