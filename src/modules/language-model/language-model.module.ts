import { Module } from '@nestjs/common';
import { HealthModule } from '../../platform/monitoring/health.module.js';
import { LanguageModel } from './language-model.js';
import { LanguageModelMetrics } from './language-model.metrics.js';
import { ModelHealth } from './model-health.js';

/** A language model that features ask: they import this, and inject `LanguageModel`. */
@Module({
  imports: [HealthModule],
  providers: [LanguageModel, LanguageModelMetrics, ModelHealth],
  exports: [LanguageModel],
})
export class LanguageModelModule {}
