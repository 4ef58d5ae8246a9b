/** Agenda: three jobs, each of which starts the next one. */
import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { MongoClient } from 'mongodb';

export async function open({ mongoUri, onDone }) {
  const client = await new MongoClient(mongoUri, {
    writeConcern: { w: 'majority' },
    maxPoolSize: 50,
  }).connect();
  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: client.db('bench_agenda') }),
    // With its default of 30 seconds this would only measure waiting.
    processEvery: 50,
    maxConcurrency: 200,
    defaultConcurrency: 64,
    defaultLockLimit: 0,
    removeOnComplete: false,
  });
  agenda.define('a', async ({ attrs }) => void (await agenda.now('b', { n: attrs.data.n + 1 })));
  agenda.define('b', async ({ attrs }) => void (await agenda.now('c', { n: attrs.data.n + 1 })));
  agenda.define('c', () => Promise.resolve());
  // Once the end of the job has been stored.
  agenda.on('complete:c', onDone);
  await agenda.start();
  return {
    start: async () => void (await agenda.now('a', { n: 1 })),
    async close() {
      await agenda.stop();
      await client.close();
    },
  };
}
