import { Env, MODES, type Mode } from './env.js';
import { integer, line, oneOf } from './kinds.js';

/** The process as a whole. */
export class ProcessConfig {
  /** Mode of the process. Set `production` wherever people depend on it: defaults become strict. */
  @Env('NODE_ENV', oneOf(...MODES), { default: 'development' })
  readonly mode!: Mode;

  /** Folder of the embedded MongoDB's files and of secrets that are generated outside production. */
  @Env('DATA_DIR', line(), { default: '.data' })
  readonly dataDir!: string;

  /** How long, in milliseconds, a shutdown may take after SIGTERM. In production the process keeps serving for the first half, so that load balancers notice. */
  @Env('SHUTDOWN_GRACE_MS', integer(0, 600_000), { default: 10_000 })
  readonly shutdownGraceMs!: number;

  /** How long a stopping process keeps serving while reporting that it is not ready: load balancers poll every second or two. None in development. */
  get drainMs(): number {
    return this.mode === 'production' ? this.shutdownGraceMs / 2 : 0;
  }
}
