import type { Types } from 'mongoose';
import type { Scope } from '../../access/caller.js';
import type { ExecutionClock } from '../model/clock.js';
import type { StoredExecution } from '../model/execution.js';
import type { ExecutorClass } from '../model/run.js';
import type { Failpoints } from '../model/failpoints.js';
import type { Semaphore } from '../../concurrency/semaphore.js';

/** What a turn needs of the engine. */
export interface TurnHost {
  readonly clock: ExecutionClock;
  readonly failpoints: Failpoints;
  /** Limits concurrent `once` steps, and so the number of unknown outcomes when the process is killed. */
  readonly once: Semaphore;
  /** The current rights of the owner; undefined if the execution may no longer run. */
  rights(): Promise<Scope | undefined>;
  /** Whether the execution is stored, and held by this process: no effect may begin before that. */
  isAccepted(): Promise<boolean>;
  /** It is not accepted yet. */
  readonly isDraft: boolean;
  /** Writes the journal; false if this process no longer holds the execution. */
  write(): Promise<boolean>;
  /** The same in the background. */
  noteSoon(): void;
  startChild(executor: ExecutorClass, input: object, name: string): Promise<Types.ObjectId>;
  /** The outcomes of the executions that it waits for. */
  readonly outcomes: ReadonlyMap<string, StoredExecution>;
}
