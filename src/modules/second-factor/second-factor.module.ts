import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { SecondFactor, SecondFactorSchema } from './second-factor.schema.js';
import { SecondFactorService } from './second-factor.service.js';

/** One-time codes of authenticator apps (TOTP), and recovery codes. Which routes ask for them, others say. */
@Module({
  imports: [MongooseModule.forFeature([{ name: SecondFactor.name, schema: SecondFactorSchema }])],
  providers: [SecondFactorService],
  exports: [SecondFactorService],
})
export class SecondFactorModule {}
