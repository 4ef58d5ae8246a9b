import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { ExecutionClock } from '../model/clock.js';
import { Commit } from '../store/commit.js';
import { Failpoints } from '../model/failpoints.js';
import { Sealing } from '../store/sealing.js';
import { Semaphore } from '../../concurrency/semaphore.js';
import { Starter } from './starter.js';
import { ExecutionStore } from '../store/execution-store.js';

/** `once` steps that run concurrently in a process, which is how many outcomes are unknown when it is killed. */
const MAX_ONCE = 64;

/** What every execution that this process runs needs. */
@Injectable()
export class ExecutionServices {
  readonly once = new Semaphore({ concurrency: MAX_ONCE });

  constructor(
    readonly store: ExecutionStore,
    readonly commit: Commit,
    readonly clock: ExecutionClock,
    readonly failpoints: Failpoints,
    readonly sealing: Sealing,
    readonly starter: Starter,
    readonly logger: PinoLogger,
  ) {}
}
