import { Env } from '../config/env.js';
import { redisServer } from '../config/kinds.js';

/** Which Redis is used. */
export class RedisConfig {
  /** Redis for cache and rate limits that several processes share: `rediss://` is encrypted. Unset: both are kept in each process. */
  @Env('REDIS_URL', redisServer())
  readonly redisUrl?: string;
}
