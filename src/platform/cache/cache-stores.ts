import { Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { DatabaseConfig } from '../config/database.config.js';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { Redis } from '../redis/redis.js';
import { buildId } from './build-id.js';
import { MemoryStore } from './memory-store.js';
import { RedisStore } from './redis-store.js';

/** A Keyv that stores texts as they are. */
function keyvOn(store: MemoryStore | RedisStore): Keyv<string> {
  const keyv = new Keyv<string>({ store, useKeyPrefix: false, emitErrors: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

/** The stores of the cache: memory and, with REDIS_URL, Redis behind it. */
@Injectable()
export class CacheStores {
  private readonly memory = keyvOn(new MemoryStore());
  private readonly shared: Keyv<string> | undefined;

  constructor(redis: Redis, { mongodbUri }: DatabaseConfig, crypto: CryptoConfig) {
    if (!redis.isConfigured) return;
    const scope = `${buildId()} ${mongodbUri}`;
    this.shared = keyvOn(new RedisStore(redis, crypto, scope));
  }

  async get(key: string): Promise<string | undefined> {
    const local = await this.memory.get(key);
    if (local !== undefined || !this.shared) return local;
    const found = await this.shared.getRaw(key);
    const restMs = (found?.expires ?? 0) - Date.now();
    if (found?.value === undefined || restMs <= 0) return undefined;
    await this.memory.set(key, found.value, restMs);
    return found.value;
  }

  /** Does not wait for Redis. */
  async set(key: string, text: string, ttlMs: number): Promise<void> {
    void this.shared?.set(key, text, ttlMs);
    await this.memory.set(key, text, ttlMs);
  }
}
