import { Injectable } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { Scope } from '../access/caller.js';
import { isFinished, type StoredExecution } from './model/execution.js';
import { ExecutionDto } from './execution.dto.js';
import { Executions } from './executions.js';
import { Watchers } from './engine/watchers.js';

/** How often an execution that another process may change is polled, in milliseconds. */
const LOOK_MS = 500;

/** The most significant event between two polls. */
function kindOf(before: StoredExecution | undefined, after: StoredExecution): string {
  if (isFinished(after.status)) return 'end';
  if (before === undefined || before.status !== after.status) return 'status';
  const steps = ({ steps: all }: StoredExecution) =>
    JSON.stringify(Object.values(all).map(({ status }) => status));
  return steps(before) === steps(after) ? 'progress' : 'step';
}

/** Waits for executions and streams their progress. */
@Injectable()
export class Following {
  constructor(
    private readonly executions: Executions,
    private readonly watchers: Watchers,
  ) {}

  /** The execution when it is over, or after so many seconds. */
  async until(scope: Scope, id: string, seconds: number): Promise<ExecutionDto> {
    const giveUp = performance.now() + seconds * 1_000;
    for (;;) {
      const execution = await this.executions.find(scope, id);
      const left = giveUp - performance.now();
      if (isFinished(execution.status) || left <= 0) return ExecutionDto.from(execution);
      await this.watchers.next(id, Math.min(left, LOOK_MS));
    }
  }

  /**
   * The same as a stream, which ends when the client disconnects.
   * @throws ApiError EXECUTION_NOT_FOUND before it begins
   */
  async stream(scope: Scope, id: string, since: number): Promise<Observable<MessageEvent>> {
    await this.executions.find(scope, id);
    return new Observable((subscriber) => {
      const closed = new AbortController();
      const follow = async (): Promise<void> => {
        for await (const event of this.events(scope, id, since, closed.signal)) subscriber.next(event);
        subscriber.complete();
      };
      follow().catch((error: unknown) => subscriber.error(error));
      return () => closed.abort();
    });
  }

  /** The events of an execution from a revision on, until it is over. */
  private async *events(
    scope: Scope,
    id: string,
    since: number,
    closed: AbortSignal,
  ): AsyncGenerator<MessageEvent> {
    let before: StoredExecution | undefined;
    for (let seen = since; !closed.aborted;) {
      const execution = await this.executions.find(scope, id);
      const { revision, status } = execution;
      if (revision > seen) {
        yield { type: kindOf(before, execution), id: String(revision), data: ExecutionDto.from(execution) };
        seen = revision;
      }
      if (isFinished(status)) return;
      before = execution;
      await this.watchers.next(id, LOOK_MS);
    }
  }
}
