import { Env } from '../config/env.js';
import { oneOf } from '../config/kinds.js';

/** Whether a process runs executions. */
export class ExecutionsConfig {
  /** `off`: this process starts executions, and leaves running them to others. `only`: it runs them, and serves nothing but probes and metrics. */
  @Env('EXECUTIONS', oneOf('on', 'off', 'only'), { default: 'on' })
  readonly executions!: 'on' | 'off' | 'only';
}
