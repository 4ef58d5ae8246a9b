import type { Model, mongo } from 'mongoose';
import { apiError } from '../errors/errors.js';

/**
 * The driver's database of a model.
 * @throws ApiError DATABASE_UNAVAILABLE before there is a connection
 */
export function driverDatabase({ db }: Pick<Model<unknown>, 'db'>): mongo.Db {
  if (!db.db) throw apiError('DATABASE_UNAVAILABLE');
  return db.db;
}

/**
 * The driver's collection of a model, for pipelines and single commands to which Mongoose would only add cost. Nothing
 * of the schema applies except its indexes.
 * @throws ApiError DATABASE_UNAVAILABLE before there is a connection
 */
export function driverCollection<T extends object>(model: Model<T>): mongo.Collection<T> {
  return driverDatabase(model).collection<T>(model.collection.name);
}
