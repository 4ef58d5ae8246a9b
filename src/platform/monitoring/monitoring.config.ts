import { Env } from '../config/env.js';
import { issuedKey, secretOf } from '../config/kinds.js';

/** Who may read the metrics, and what /health shows. */
export class MonitoringConfig {
  /** Bearer token that /metrics asks for. Unset: development answers local callers, production answers 404. */
  @Env('METRICS_TOKEN', secretOf(16))
  readonly metricsToken?: string;

  /** Key of the language model that workflows will call. /health shows whether it is set. */
  @Env('OPENAI_API_KEY', issuedKey())
  readonly openaiApiKey?: string;
}
