/** BullMQ on Redis: a flow of three jobs, a before b before c. */
import { FlowProducer, Worker } from 'bullmq';

export async function open({ redis, onDone }) {
  const connection = { ...redis, maxRetriesPerRequest: null };
  const flows = new FlowProducer({ connection });
  const queueName = 'bench';
  const worker = new Worker(queueName, ({ data }) => Promise.resolve({ n: data.n + 1 }), {
    connection,
    concurrency: 64,
  });
  worker.on('completed', ({ name }) => {
    if (name === 'c') onDone();
  });
  await worker.waitUntilReady();
  const job = (name, children = []) => ({ name, queueName, data: { n: 1 }, children });
  return {
    start: async () => void (await flows.add(job('c', [job('b', [job('a')])]))),
    async close() {
      await worker.close();
      await flows.close();
    },
  };
}
