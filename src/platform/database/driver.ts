import type { Model, mongo } from 'mongoose';
import { apiError } from '../errors/errors.js';

/**
 * The driver's collection of a model, for pipelines and single commands that Mongoose would only make dearer. Nothing
 * of the schema applies but its indexes.
 * @throws ApiError DATABASE_UNAVAILABLE before there is a connection
 */
export function driverCollection<T extends object>({ db, collection }: Model<T>): mongo.Collection<T> {
  if (!db.db) throw apiError('DATABASE_UNAVAILABLE');
  return db.db.collection<T>(collection.name);
}
