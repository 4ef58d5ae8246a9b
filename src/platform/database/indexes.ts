import mongoose, { type Connection, type Model } from 'mongoose';
import type { PinoLogger } from 'nestjs-pino';

async function isMissingIndexes(model: Model<unknown>): Promise<boolean> {
  const { toCreate } = await model.diffIndexes();
  return toCreate.length > 0;
}

/**
 * Creates the collections and indexes that schemas declare and the database lacks. Drops nothing.
 * Runs at the start until migrations do it.
 */
export async function createMissingIndexes(
  connection: Connection,
  uri: string,
  logger: PinoLogger,
): Promise<void> {
  const models = Object.values(connection.models) as Model<unknown>[];
  const known = new Set((await connection.listCollections()).map(({ name }) => name));
  const checked = await Promise.all(
    models.map(async (model) => !known.has(model.collection.name) || (await isMissingIndexes(model))),
  );
  const behind = models.filter((_, index) => checked[index]);
  if (behind.length === 0) return;
  // A build takes longer than any request may, so it has a client without the requests' time limits.
  const builder = await mongoose.createConnection(uri, { autoIndex: false, maxPoolSize: 5 }).asPromise();
  try {
    // At once: each waits for the journal, and one after the other they would wait for it many times.
    await Promise.all(
      behind.map(async (model) => {
        const built = builder.model(model.modelName, model.schema, model.collection.name);
        await built.createCollection();
        await built.createIndexes();
        logger.info({ event: 'indexes_created', collection: model.collection.name });
      }),
    );
  } finally {
    await builder.close();
  }
}
