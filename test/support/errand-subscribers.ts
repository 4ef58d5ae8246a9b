import { Injectable } from '@nestjs/common';
import { projects } from '../../src/modules/projects/project.schema.js';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { OnRecord } from '../../src/platform/subscriptions/on-record.js';
import { RecordEvent } from '../../src/platform/subscriptions/record-event.js';
import { errands } from './errands.js';

/** What was told to whom. */
export const told: { readonly by: string; readonly event: RecordEvent }[] = [];

@Injectable()
export class Notices {
  @OnRecord(errands.created, errands.commands['hand-over'], projects.created)
  async notice(event: RecordEvent): Promise<void> {
    told.push({ by: 'method', event });
    await Promise.resolve();
  }

  @OnRecord(errands.deleted)
  mourn(): void {
    throw new Error('nothing to mourn');
  }
}

@Executor({ type: 'errands.welcome', input: RecordEvent })
@OnRecord(errands.created)
export class WelcomeErrand {
  async execute(event: RecordEvent, run: Run): Promise<string> {
    await run.step('welcome', ({ key }) => void told.push({ by: key, event }));
    return event.id;
  }
}
