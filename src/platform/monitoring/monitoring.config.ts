import { Env } from '../config/env.js';
import { secretOf } from '../config/kinds.js';

/** Who may read the metrics. */
export class MonitoringConfig {
  /** Bearer token that /metrics asks for. Unset: development answers local callers, production answers 404. */
  @Env('METRICS_TOKEN', secretOf(16))
  readonly metricsToken?: string;
}
