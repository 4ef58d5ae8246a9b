/** A queue that one could write in an afternoon: claims by `findOneAndUpdate`, and one write per step. */
import { MongoClient, ObjectId } from 'mongodb';

const WORKERS = 32;
const POLL_MS = 200;

export async function open({ mongoUri, onDone }) {
  const client = await new MongoClient(mongoUri, {
    writeConcern: { w: 'majority' },
    maxPoolSize: 50,
  }).connect();
  const jobs = client.db('bench_hand').collection('jobs');
  await jobs.createIndex({ status: 1, createdAt: 1 });
  const ending = new AbortController();
  let wake = Promise.withResolvers();
  const work = async () => {
    while (!ending.signal.aborted) {
      const job = await jobs.findOneAndUpdate(
        { status: 'queued' },
        { $set: { status: 'running', lockedAt: new Date() } },
        { sort: { createdAt: 1 } },
      );
      if (!job) {
        await Promise.race([wake.promise, new Promise((resolve) => setTimeout(resolve, POLL_MS).unref())]);
        continue;
      }
      let result = job.input;
      for (const step of ['a', 'b', 'c']) {
        result += 1;
        const isLast = step === 'c';
        await jobs.updateOne(
          { _id: job._id },
          { $set: { [`steps.${step}`]: result, ...(isLast && { status: 'done', finishedAt: new Date() }) } },
        );
      }
      onDone();
    }
  };
  const workers = Array.from({ length: WORKERS }, work);
  return {
    async start() {
      await jobs.insertOne({ _id: new ObjectId(), status: 'queued', input: 1, createdAt: new Date() });
      const { resolve } = wake;
      wake = Promise.withResolvers();
      resolve();
    },
    async close() {
      ending.abort();
      wake.resolve();
      await Promise.all(workers);
      await client.close();
    },
  };
}
