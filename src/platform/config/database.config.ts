import { Env } from './env.js';
import { line } from './kinds.js';
import { mongodbUri } from './mongodb-uri.js';

/** Which database is used. */
export class DatabaseConfig {
  /** Connection string of a MongoDB replica set. Unset in development and test: the embedded MongoDB is started. */
  @Env('MONGODB_URI', mongodbUri(), { requiredInProduction: true })
  readonly mongodbUri?: string;

  /** Path of the mongod that the embedded MongoDB runs. Set it to use a specific version, or to work offline. */
  @Env('MONGOD_BINARY', line())
  readonly mongodBinary?: string;
}
