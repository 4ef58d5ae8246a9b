import { Global, Module } from '@nestjs/common';
import { HealthIndicators } from '../monitoring/health-indicators.js';
import { HealthModule } from '../monitoring/health.module.js';
import { RedisWindows } from './redis-windows.js';
import { Redis } from './redis.js';

/** Redis, which is optional: everything works without it. */
@Global()
@Module({ imports: [HealthModule], providers: [Redis, RedisWindows], exports: [Redis] })
export class RedisModule {
  constructor(redis: Redis, indicators: HealthIndicators) {
    indicators.redis = () => redis.status;
  }
}
