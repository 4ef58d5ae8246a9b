import { Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { DatabaseConfig } from '../config/database.config.js';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { Redis } from '../redis/redis.js';
import { buildId } from './build-id.js';
import { MemoryStore } from './memory-store.js';
import { RedisStore } from './redis-store.js';

/** A Keyv that hands the entries of its store through as they are: they are texts already. */
function keyvOn(store: MemoryStore | RedisStore): Keyv<string> {
  const keyv = new Keyv<string>({ store, useKeyPrefix: false, emitErrors: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

/** Where texts are kept: in this process and, with REDIS_URL, beyond it. */
@Injectable()
export class Tiers {
  private readonly near = keyvOn(new MemoryStore());
  private readonly far: Keyv<string> | undefined;

  constructor(redis: Redis, { mongodbUri }: DatabaseConfig, crypto: CryptoConfig) {
    if (!redis.isConfigured) return;
    const scope = `${buildId()} ${mongodbUri}`;
    this.far = keyvOn(new RedisStore(redis, crypto, scope));
  }

  async get(key: string): Promise<string | undefined> {
    const near = await this.near.get(key);
    if (near !== undefined || !this.far) return near;
    const found = await this.far.getRaw(key);
    const restMs = (found?.expires ?? 0) - Date.now();
    if (found?.value === undefined || restMs <= 0) return undefined;
    await this.near.set(key, found.value, restMs);
    return found.value;
  }

  /** Nobody waits for Redis. @param ttlMs in milliseconds */
  async set(key: string, text: string, ttlMs: number): Promise<void> {
    void this.far?.set(key, text, ttlMs);
    await this.near.set(key, text, ttlMs);
  }
}
