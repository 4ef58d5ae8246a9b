import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { CryptoConfig } from '../crypto/crypto.config.js';
import { deriveKey } from '../crypto/derived-key.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { KEY_PREFIX, type Redis } from '../redis/redis.js';
import type { Entry } from './memory-store.js';

const PREFIX = `${KEY_PREFIX}cache:`;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A Keyv store in Redis, which is not trusted: keys are MACs and values are encrypted, so that reading Redis reveals
 * nothing and tampering with it achieves nothing. What does not decrypt counts as absent.
 */
export class RedisStore {
  private readonly names: KeyedMac;
  private readonly valueKey: KeyObject;

  /** @param scope separates builds and databases: entries of another scope are not found */
  constructor(
    private readonly redis: Redis,
    config: Pick<CryptoConfig, 'jwtSecret'>,
    private readonly scope: string,
  ) {
    this.names = new KeyedMac(config, 'cache key');
    this.valueKey = deriveKey(config, 'cache value');
  }

  async get(key: string): Promise<Entry | undefined> {
    const name = this.nameOf(key);
    const sealed = await this.redis.run((client) => client.get(name));
    return sealed ? this.open(name, sealed) : undefined;
  }

  async set(key: string, kept: Entry, ttlMs = 1): Promise<void> {
    const name = this.nameOf(key);
    const sealed = this.seal(name, kept);
    await this.redis.run((client) => client.set(name, sealed, { PX: Math.max(1, Math.floor(ttlMs)) }));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.redis.run((client) => client.unlink(this.nameOf(key)))) === 1;
  }

  /** Other processes share it: stale entries are no longer found, and expire by themselves. */
  clear(): void {}

  /** The Redis key of an entry. */
  nameOf(key: string): string {
    return PREFIX + this.names.text(JSON.stringify([this.scope, key]));
  }

  private seal(name: string, kept: Entry): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.valueKey, iv).setAAD(Buffer.from(name));
    const encrypted = [cipher.update(JSON.stringify(kept), 'utf8'), cipher.final()];
    return Buffer.concat([iv, cipher.getAuthTag(), ...encrypted]).toString('base64');
  }

  private open(name: string, sealed: string): Entry | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
    if (tag.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.valueKey, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name)).setAuthTag(tag);
    try {
      const text =
        decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      return JSON.parse(text) as Entry;
    } catch {
      return undefined;
    }
  }
}
