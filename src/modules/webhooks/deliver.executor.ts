import { Executor } from '../../platform/executions/executor.js';
import type { Run } from '../../platform/executions/run.js';
import { DeliverDto } from './deliver.dto.js';
import { DeliveryQueue } from './delivery-queue.js';

/**
 * Handles one delivery until it is over. Earlier deliveries of the same record are made first, by whichever execution
 * gets to them. Each lane of a webhook runs one execution at a time, so that a slow receiver delays only itself.
 */
@Executor({
  type: 'webhooks.deliver',
  input: DeliverDto,
  attempts: 20,
  timeout: '1m',
  cancellable: false,
  concurrency: { limit: 1, key: ({ webhookId, lane }: DeliverDto) => `${webhookId}:${lane}` },
})
export class Deliver {
  constructor(private readonly queue: DeliveryQueue) {}

  async execute({ deliveryId }: DeliverDto, run: Run): Promise<void> {
    for (let turn = 1; ; turn++) {
      const next = await run.step(`turn-${turn}`, ({ signal }) => this.queue.deliver(deliveryId, signal));
      if (next === null) return;
      await run.sleep(`pause-${turn}`, new Date(next));
    }
  }
}
