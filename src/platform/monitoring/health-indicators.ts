import { Injectable } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { withTimeout } from '../concurrency/timeout.js';
import { DeclarationError } from '../errors/start-error.js';

const CHECK_TIMEOUT_MS = 2_000;

/** How a service of /health is. */
export type ServiceStatus = 'ok' | 'error' | 'disabled';

type Check = () => HealthIndicatorResult | Promise<HealthIndicatorResult>;

interface Indicator {
  readonly check: Check;
  readonly optional: boolean;
  readonly readiness: boolean;
  isUp: boolean;
}

/** What features add to /health. They import `HealthModule` for it. */
@Injectable()
export class HealthIndicators {
  private readonly known = new Map<string, Indicator>();
  /** What the row `redis` says; only for Redis. */
  redis: () => ServiceStatus = () => 'disabled';
  /** What the row `external` says: how the one service is that the product asks on its own account. */
  external: () => ServiceStatus = () => 'disabled';

  /**
   * Adds a row: `add('storage', () => this.storage.isHealthy('storage'))`, with an indicator as Terminus has them. It
   * is asked in the background. While it is down, /health is 503; with `optional` it is degraded. With `readiness`
   * /health/ready is 503, too, for what no request can do without: all processes get no requests then.
   * @throws DeclarationError for a name that is taken, and for what is optional and decides on readiness
   */
  add(name: string, check: Check, { optional = false, readiness = false } = {}): void {
    if (this.known.has(name) || ['database', 'redis', 'external'].includes(name)) {
      throw new DeclarationError(
        `/health has a service that is called ${name} already: add yours under another name`,
      );
    }
    if (optional && readiness) {
      throw new DeclarationError(
        `${name} of /health cannot be optional and decide on readiness: leave one out`,
      );
    }
    this.known.set(name, { check, optional, readiness, isUp: true });
  }

  get rows(): readonly (readonly [string, Indicator])[] {
    return [...this.known];
  }

  /** Asks all of them. What throws, or takes longer than two seconds, is down. */
  async check(): Promise<void> {
    await Promise.all(
      [...this.known.values()].map(async (indicator) => {
        const asked = (async () => indicator.check())();
        const answer = await withTimeout(CHECK_TIMEOUT_MS, asked).catch(() => undefined);
        const rows = Object.values<{ status?: string }>(answer ?? {});
        indicator.isUp = rows.length > 0 && rows.every(({ status }) => status !== 'down');
      }),
    );
  }
}
