import { Global, Module } from '@nestjs/common';
import { Redis } from './redis.js';
import { SharedWindows } from './shared-windows.js';

/** Redis, which is optional: everything works without it. */
@Global()
@Module({ providers: [Redis, SharedWindows], exports: [Redis, SharedWindows] })
export class RedisModule {}
