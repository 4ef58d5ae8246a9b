import type { Types } from 'mongoose';
import type { Scope } from '../access/caller.js';
import type { ExecutionClock } from './clock.js';
import type { StoredExecution } from './execution.js';
import type { ExecutorClass } from './run.js';
import type { Failpoints } from './failpoints.js';
import type { Semaphore } from '../concurrency/semaphore.js';

/** What a turn needs of the engine. */
export interface TurnHost {
  readonly clock: ExecutionClock;
  readonly failpoints: Failpoints;
  /** Lets few `once` steps run at a time: so many are unknown when the process is killed. */
  readonly once: Semaphore;
  /** The rights that the owner has now; undefined when it may not run any more. */
  rights(): Promise<Scope | undefined>;
  /** Writes what the journal has; false when the execution is not this process's any more. */
  write(): Promise<boolean>;
  /** The same, by and by: nobody waits for it. */
  noteSoon(): void;
  startChild(executor: ExecutorClass, input: object, name: string): Promise<Types.ObjectId>;
  /** What the executions have come to that it waits for. */
  readonly outcomes: ReadonlyMap<string, StoredExecution>;
}
