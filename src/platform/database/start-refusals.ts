import { ConfigError } from '../config/config.js';
import { StartError } from '../errors/start-error.js';

/** Errors of the database, by code, that persist until MONGODB_URI or the database's users are changed. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  [11, 'has a user or a password that the database refuses'],
  [18, 'has a user or a password that the database refuses'],
  [334, 'has an authMechanism that the database does not offer'],
  [8000, 'has a user or a password that the database refuses'],
  [13, 'needs a user who may read, write and watch the database (readWrite)'],
]);

interface DriverError {
  readonly name?: unknown;
  readonly code?: unknown;
  /** For a server that was not found: what is known of each host. */
  readonly reason?: { readonly servers?: ReadonlyMap<string, { readonly error?: Error | null }> };
}

/**
 * The configuration error behind a refusal by the database that a retry cannot fix; undefined for other errors. Uses
 * names and codes, so that a program that only reports an error need not load the driver.
 */
export function refusalOf(error: unknown): ConfigError | undefined {
  const { name, code } = (error ?? {}) as DriverError;
  const problem =
    name === 'MongoServerError'
      ? REFUSALS.get(code)
      : name === 'MongoCompatibilityError'
        ? 'leads to a MongoDB that is too old for the driver'
        : undefined;
  return problem === undefined ? undefined : new ConfigError([{ variable: 'MONGODB_URI', problem }]);
}

function isOfCertificate(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return (
    /CERT|UNABLE_TO|ERR_TLS|ERR_SSL/.test(String(code)) || (cause !== undefined && isOfCertificate(cause))
  );
}

/** The error of a startup that has timed out, with what is known of the reason. */
export function unreachable(cause: unknown): StartError {
  const hosts = ((cause ?? {}) as DriverError).reason?.servers;
  const why =
    hosts?.size === 0
      ? ' None of its hosts belongs to the replica set that replicaSet names.'
      : [...(hosts?.values() ?? [])].some(({ error }) => isOfCertificate(error))
        ? ' Its certificate is not trusted: name the authority with tlsCAFile.'
        : '';
  return new StartError(`The database that MONGODB_URI names does not answer.${why}`, { cause });
}
