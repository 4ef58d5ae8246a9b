import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { secondFactors } from './second-factor.schema.js';
import { SecondFactorService } from './second-factor.service.js';

/** One-time codes of authenticator apps (TOTP), and recovery codes. Which routes ask for them, others say. */
@Module({
  imports: [RecordsModule.for(secondFactors)],
  providers: [SecondFactorService],
  exports: [SecondFactorService],
})
export class SecondFactorModule {}
