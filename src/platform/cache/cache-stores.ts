import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import { Keyv } from 'keyv';
import { DatabaseConfig } from '../config/database.config.js';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { readEach } from '../monitoring/metrics.js';
import { Redis } from '../redis/redis.js';
import { buildId } from './build-id.js';
import { MemoryStore } from './memory-store.js';
import { RedisStore } from './redis-store.js';

/** Names of the metrics; docs/operations.md lists them. */
export const CACHE_METRICS = { lookUps: 'cache_lookups_total' } as const;

/** A Keyv that stores texts as they are. */
function keyvOn(store: MemoryStore | RedisStore): Keyv<string> {
  const keyv = new Keyv<string>({ store, useKeyPrefix: false, emitErrors: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

/** The stores of the cache: memory and, with REDIS_URL, Redis behind it. */
@Injectable()
export class CacheStores implements OnModuleInit {
  private readonly memory = keyvOn(new MemoryStore());
  private readonly shared: Keyv<string> | undefined;
  private readonly found = { memory: 0, redis: 0, nowhere: 0 };

  constructor(
    redis: Redis,
    { mongodbUri }: DatabaseConfig,
    crypto: CryptoConfig,
    private readonly host: HttpAdapterHost,
  ) {
    if (!redis.isConfigured) return;
    const scope = `${buildId()} ${mongodbUri}`;
    this.shared = keyvOn(new RedisStore(redis, crypto, scope));
  }

  onModuleInit(): void {
    const { metricsRegistry } = this.host.httpAdapter.getInstance<FastifyInstance>();
    const help = 'look-ups of the cache, by where the answer was';
    readEach(
      metricsRegistry,
      Counter,
      { name: CACHE_METRICS.lookUps, help, label: 'found' },
      () => this.found,
    );
  }

  async get(key: string): Promise<string | undefined> {
    const local = await this.memory.get(key);
    if (local !== undefined) {
      this.found.memory += 1;
      return local;
    }
    const found = await this.shared?.getRaw(key);
    const restMs = (found?.expires ?? 0) - Date.now();
    if (found?.value === undefined || restMs <= 0) {
      this.found.nowhere += 1;
      return undefined;
    }
    this.found.redis += 1;
    await this.memory.set(key, found.value, restMs);
    return found.value;
  }

  /** Does not wait for Redis. */
  async set(key: string, text: string, ttlMs: number): Promise<void> {
    void this.shared?.set(key, text, ttlMs);
    await this.memory.set(key, text, ttlMs);
  }
}
