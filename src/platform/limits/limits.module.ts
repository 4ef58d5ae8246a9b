import { Global, Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { Attempts } from './attempts.js';
import { Counter, CounterSchema } from './counter.schema.js';
import { Counters } from './counters.js';
import { Quotas } from './quotas.js';
import { SharedWindows } from './shared-windows.js';

/** Throttles attempts and quotas across all processes. */
@Global()
@Module({
  imports: [MongooseModule.forFeature([{ name: Counter.name, schema: CounterSchema }])],
  providers: [Counters, Attempts, Quotas, SharedWindows],
  exports: [Attempts, Quotas, SharedWindows],
})
export class LimitsModule {}
