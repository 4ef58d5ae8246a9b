import { Injectable } from '@nestjs/common';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { type SharedWindow, SharedWindows, type WindowStore } from '../limits/shared-windows.js';
import { KEY_PREFIX, Redis } from './redis.js';

/** Counts in Redis. */
@Injectable()
export class RedisWindows implements WindowStore {
  private readonly mac: KeyedMac;

  constructor(
    private readonly redis: Redis,
    config: CryptoConfig,
    shared: SharedWindows,
  ) {
    this.mac = new KeyedMac(config, 'window');
    if (redis.isConfigured) shared.store = this;
  }

  get isAvailable(): boolean {
    return this.redis.status === 'ok';
  }

  /** Redis sees a MAC of the subject. */
  async count(subject: string, windowMs: number): Promise<SharedWindow | undefined> {
    const name = this.nameOf(subject);
    const answers = await this.redis.run((client) =>
      // One step, so that no counter is ever without its end.
      client
        .multi()
        .set(name, 0, { condition: 'NX', expiration: { type: 'PX', value: windowMs } })
        .incr(name)
        .pTTL(name)
        .exec(),
    );
    const [, count, restMs] = answers ?? [];
    return typeof count === 'number' && typeof restMs === 'number' ? { count, restMs } : undefined;
  }

  private nameOf(subject: string): string {
    return `${KEY_PREFIX}window:${this.mac.text(subject)}`;
  }
}
