import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HealthIndicators } from '../../platform/monitoring/health-indicators.js';
import { LanguageModelConfig } from './language-model.config.js';

const ASK_EVERY_MS = 60_000;
const TIMEOUT_MS = 5_000;

/**
 * Whether the language model answers, for /health: `disabled` until it did once. It is asked for its list of models,
 * which costs nothing.
 */
@Injectable()
export class ModelHealth implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private status: 'ok' | 'error' | 'disabled' = 'disabled';

  constructor(
    private readonly config: LanguageModelConfig,
    private readonly indicators: HealthIndicators,
  ) {}

  onApplicationBootstrap(): void {
    this.indicators.external = () => this.status;
    if (this.config.apiKey === undefined) return;
    void this.check();
    this.timer = setInterval(() => void this.check(), ASK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Takes down whether it answered. */
  note(hasAnswered: boolean): void {
    if (hasAnswered) this.status = 'ok';
    else if (this.status === 'ok') this.status = 'error';
  }

  /** Asks it now. A server that has no such list answers as well; one that does not take the key does not. */
  async check(): Promise<void> {
    const { apiKey, baseUrl } = this.config;
    try {
      const { status, body } = await fetch(`${baseUrl.replace(/\/$/, '')}/models`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await body?.cancel();
      this.note(status < 500 && status !== 401 && status !== 403);
    } catch {
      this.note(false);
    }
  }
}
