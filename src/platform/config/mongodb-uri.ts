import { isIPv6 } from 'node:net';
import { readFileSync } from 'node:fs';
import type { Kind } from './env.js';

const ACCEPTS = 'a mongodb:// or mongodb+srv:// connection string that names a database';

/** Scheme, user and password, hosts, database, options. */
const FORM = /^mongodb(\+srv)?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)\/([^/?#\s]+)(?:\?([^#\s]*))?$/;

/** Checks an option: returns a problem that completes "has <option>, which …", or nothing. */
type Rule = (value: string) => string | undefined;

const anything: Rule = () => undefined;
const oneOf =
  (...choices: string[]): Rule =>
  (value) =>
    choices.includes(value) ? undefined : `may only be ${choices.join(' or ')}`;
const numberFrom =
  (lowest: number, highest: number): Rule =>
  (value) =>
    /^-?\d{1,6}$/.test(value) && Number(value) >= lowest && Number(value) <= highest
      ? undefined
      : `may only be an integer from ${lowest} to ${highest}`;
const boolean = oneOf('true', 'false');
const file: Rule = (value) => {
  try {
    readFileSync(value);
    return undefined;
  } catch {
    return 'names a file that cannot be read';
  }
};

/**
 * The options for reaching the database. Options that would change the meaning of reads or acknowledgements are
 * accepted only with the values that the product needs: rights are read from the primary, and acknowledged writes
 * survive. Everything else is set by the product (`connection.ts`), so an option here would be ignored.
 */
const OPTIONS: Readonly<Record<string, Rule>> = {
  appName: anything,
  authMechanism: oneOf('SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509', 'MONGODB-OIDC', 'PLAIN'),
  authMechanismProperties: anything,
  authSource: anything,
  compressors: oneOf('none', 'zlib'),
  directConnection: boolean,
  j: oneOf('true'),
  journal: oneOf('true'),
  loadBalanced: boolean,
  readConcernLevel: oneOf('local', 'majority'),
  readPreference: oneOf('primary'),
  replicaSet: anything,
  retryReads: oneOf('true'),
  retryWrites: oneOf('true'),
  serverSelectionTimeoutMS: numberFrom(1, 600_000),
  srvMaxHosts: numberFrom(0, 100),
  srvServiceName: anything,
  ssl: boolean,
  tls: boolean,
  tlsAllowInvalidCertificates: boolean,
  tlsAllowInvalidHostnames: boolean,
  tlsCAFile: file,
  tlsCRLFile: file,
  tlsCertificateKeyFile: file,
  tlsCertificateKeyFilePassword: anything,
  tlsInsecure: boolean,
  w: oneOf('majority'),
  zlibCompressionLevel: numberFrom(-1, 9),
};
const byLowerCase = new Map(
  Object.entries(OPTIONS).map(([name, rule]) => [name.toLowerCase(), { name, rule }]),
);

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isHost(text: string): boolean {
  // A socket path.
  if (/^%2F.+\.sock$/i.test(text)) return decode(text) !== undefined;
  const [, name = '', port = '27017'] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isName = name.startsWith('[')
    ? isIPv6(name.slice(1, -1))
    : /^[a-z\d_]([a-z\d._-]*[a-z\d_])?\.?$/i.test(name);
  return isName && Number(port) >= 1 && Number(port) <= 65_535;
}

function* optionFaults(query: string): Generator<string> {
  const seen = new Set<string>();
  for (const part of query.split('&').filter(Boolean)) {
    const [key = '', ...rest] = part.split('=');
    const value = decode(rest.join('=').replaceAll('+', ' '));
    const known = byLowerCase.get(key.toLowerCase());
    // An unknown name may be part of a password that was not encoded.
    const name = known?.name ?? (/^[a-z]{1,40}$/i.test(key) ? key : 'an option');
    const isAgain = seen.size === seen.add(key.toLowerCase()).size;
    if (!known) yield `has ${name}, which is unknown or set by the product: take it out`;
    else if (isAgain) yield `has ${name} twice`;
    else if (!value) yield `has ${name} without a value that can be read`;
    else {
      const problem = known.rule(value);
      if (problem) yield `has ${name}, which ${problem}`;
    }
  }
}

function* faultsOf(text: string): Generator<string> {
  const [, srv, login, hosts = '', path = '', query = ''] = FORM.exec(text) ?? [];
  if (!hosts) {
    yield `must be ${ACCEPTS}; characters such as @ : / ? # in the user or the password are written as %40 %3A %2F %3F %23`;
    return;
  }
  const [user = '', password, ...more] = (login ?? 'none').split(':');
  if (!user || more.length > 0 || decode(user) === undefined || decode(password ?? '') === undefined) {
    yield 'has a user or a password that cannot be read: write characters such as @ : / ? # % as %40 %3A %2F %3F %23 %25';
  }
  const list = hosts.split(',');
  if (!list.every(isHost)) yield 'has a host that is none';
  if (srv && (list.length > 1 || hosts.includes(':')))
    yield 'has more than the one name that mongodb+srv:// takes';
  const database = decode(path);
  if (!database || /[/\\. "$*<>:|?\0]/.test(database) || Buffer.byteLength(database) > 63) {
    yield 'has a name of a database that MongoDB does not take';
  } else if (['admin', 'config', 'local'].includes(database)) {
    yield 'names a database that is MongoDB’s own';
  }
  yield* optionFaults(query);
  if (list.length > 1 && /(^|&)directConnection=true(&|$)/i.test(query))
    yield 'has directConnection with several hosts';
  if (!srv && /(^|&)srv/i.test(query)) yield 'has an option that only mongodb+srv:// takes';
}

/** The connection string of a MongoDB, with options that can work and keep what the product promises. */
export function mongodbUri(): Kind<string> {
  return {
    accepts: ACCEPTS,
    parse(text) {
      const faults = [...faultsOf(text)];
      if (faults.length > 0) throw new Error(faults.join('; '));
      return text;
    },
  };
}
