import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Histogram } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { LanguageModelReason } from './language-model.errors.js';

/** Names of this feature's metrics; docs/operations.md lists them. */
export const LANGUAGE_MODEL_METRICS = {
  seconds: 'language_model_duration_seconds',
  tokens: 'language_model_tokens_total',
} as const;

const SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];

/** What a question cost. */
interface Cost {
  readonly milliseconds: number;
  readonly outcome: 'ok' | 'cancelled' | LanguageModelReason;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** Counts what the language model costs. */
@Injectable()
export class LanguageModelMetrics implements OnModuleInit {
  private seconds!: Histogram<'outcome'>;
  private tokens!: Counter<'direction'>;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const { metricsRegistry } = this.host.httpAdapter.getInstance<FastifyInstance>();
    const registers = [metricsRegistry];
    this.seconds = new Histogram({
      name: LANGUAGE_MODEL_METRICS.seconds,
      help: 'time of a question to the language model in seconds',
      labelNames: ['outcome'],
      buckets: SECONDS,
      registers,
    });
    this.tokens = new Counter({
      name: LANGUAGE_MODEL_METRICS.tokens,
      help: 'tokens that the language model read and wrote',
      labelNames: ['direction'],
      registers,
    });
  }

  /** Unknown parts of a cost are not counted. */
  add({ milliseconds, outcome, inputTokens = 0, outputTokens = 0 }: Cost): void {
    this.seconds.observe({ outcome }, milliseconds / 1000);
    this.tokens.inc({ direction: 'input' }, inputTokens);
    this.tokens.inc({ direction: 'output' }, outputTokens);
  }
}
