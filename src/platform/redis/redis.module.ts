import { Global, Module } from '@nestjs/common';
import { Redis } from './redis.js';

/** A Redis that everything goes on without. */
@Global()
@Module({ providers: [Redis], exports: [Redis] })
export class RedisModule {}
