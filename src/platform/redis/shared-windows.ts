import { Injectable } from '@nestjs/common';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { KEY_PREFIX, Redis } from './redis.js';

/** What has happened since the first time of the present window, in all processes. */
export interface SharedWindow {
  readonly count: number;
  /** Until the window ends, in milliseconds. */
  readonly restMs: number;
}

/** Counts for all processes together. A window expires by itself. */
@Injectable()
export class SharedWindows {
  private readonly mac: KeyedMac;

  constructor(
    private readonly redis: Redis,
    config: CryptoConfig,
  ) {
    this.mac = new KeyedMac(config, 'window');
  }

  /** Whether Redis answers: while it does not, nobody need ask. */
  get isAvailable(): boolean {
    return this.redis.status === 'ok';
  }

  /**
   * Counts one more.
   * @param subject who is counted; Redis sees a MAC of it
   * @returns undefined where Redis does not answer
   */
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
