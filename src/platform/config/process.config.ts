import { Env, MODES, type Mode } from './env.js';
import { integer, line, oneOf } from './kinds.js';

/** The process as a whole. */
export class ProcessConfig {
  /** What the process runs as. Set `production` wherever people depend on it: defaults become strict. */
  @Env('NODE_ENV', oneOf(...MODES), { default: 'development' })
  readonly mode!: Mode;

  /** Folder of the embedded MongoDB's files and of secrets made outside production. */
  @Env('DATA_DIR', line(), { default: '.data' })
  readonly dataDir!: string;

  /** How long, in milliseconds, a stop may take after SIGTERM. In production the first half goes into serving on, until whoever sends requests has noticed. */
  @Env('SHUTDOWN_GRACE_MS', integer(0, 600_000), { default: 10_000 })
  readonly shutdownGraceMs!: number;

  /**
   * For how long a process that is told to stop goes on as before, but for saying that it is not ready: whoever sends
   * requests asks that every second or two. Nobody does so in development.
   */
  get drainMs(): number {
    return this.mode === 'production' ? this.shutdownGraceMs / 2 : 0;
  }
}
