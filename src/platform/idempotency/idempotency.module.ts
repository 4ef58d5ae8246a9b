import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IdempotencyKeys } from './idempotency-keys.js';
import { IdempotencyRecord, IdempotencyRecordSchema } from './idempotency-record.schema.js';

/** Creates once for each Idempotency-Key: `@CreateOnce()` as a parameter of a handler, `once.run(…)` in its body. */
@Module({
  imports: [MongooseModule.forFeature([{ name: IdempotencyRecord.name, schema: IdempotencyRecordSchema }])],
  providers: [IdempotencyKeys],
})
export class IdempotencyModule {}
