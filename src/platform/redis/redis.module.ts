import { Global, Module } from '@nestjs/common';
import { Redis } from './redis.js';
import { SharedWindows } from './shared-windows.js';

/** A Redis that everything goes on without. */
@Global()
@Module({ providers: [Redis, SharedWindows], exports: [Redis, SharedWindows] })
export class RedisModule {}
