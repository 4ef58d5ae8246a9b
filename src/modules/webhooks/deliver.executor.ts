import { Executor } from '../../platform/executions/executor.js';
import type { Run } from '../../platform/executions/run.js';
import { DeliverDto } from './deliver.dto.js';
import { Lane } from './lane.js';

/**
 * Sees to one delivery until it is over. What waits for the same record is delivered before it, by whichever execution
 * comes first: one at a time works in each lane of a webhook, so that a slow receiver holds up nobody but itself.
 */
@Executor({
  type: 'webhooks.deliver',
  input: DeliverDto,
  attempts: 20,
  timeout: '1m',
  concurrency: { limit: 1, key: ({ webhookId, lane }: DeliverDto) => `${webhookId}:${lane}` },
})
export class Deliver {
  constructor(private readonly lane: Lane) {}

  async execute({ deliveryId }: DeliverDto, run: Run): Promise<void> {
    for (let turn = 1; ; turn++) {
      const next = await run.step(`turn-${turn}`, ({ signal }) => this.lane.deliver(deliveryId, signal));
      if (next === null) return;
      await run.sleep(`pause-${turn}`, new Date(next));
    }
  }
}
