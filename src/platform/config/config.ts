import {
  type ConfigClass,
  Env,
  type Environment,
  type Fault,
  MODES,
  type Mode,
  readVariables,
  variablesOf,
} from './env.js';
import { featureConfigs } from './feature-configs.js';
import {
  bytes,
  email,
  type EncryptionKey,
  encryptionKeys,
  host,
  integer,
  issuedKey,
  line,
  mailbox,
  mailServer,
  oneOf,
  origins,
  password,
  proxies,
  redisServer,
  secretOf,
  site,
  url,
} from './kinds.js';
import { mongodbUri } from './mongodb-uri.js';
import { weaknessOf } from '../validation/passwords.js';
import { DeclarationError, StartError } from '../errors/start-error.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Everything that can be set from outside, read once at the start. A feature adds a class of its own (feature-configs.ts).
 * The comment of a variable is its documentation: docs/configuration.md is made from it.
 */
export class Config {
  /** What the process runs as. Set `production` wherever people depend on it: defaults become strict. */
  @Env('NODE_ENV', oneOf(...MODES), { default: 'development' })
  readonly mode!: Mode;

  /** TCP port of the HTTP server; 0 takes a free one and prints it. */
  @Env('PORT', integer(0, 65535), { default: 3002 })
  readonly port!: number;

  /** Address to listen on. Change it when a container or another machine must reach a development server. */
  @Env('HOST', host(), { default: '127.0.0.1', productionDefault: '0.0.0.0' })
  readonly host!: string;

  /** Connection string of a MongoDB replica set. Unset in development and test: the embedded MongoDB is started. */
  @Env('MONGODB_URI', mongodbUri(), { requiredInProduction: true })
  readonly mongodbUri?: string;

  /** Path of the mongod that the embedded MongoDB runs. Set it to use a certain version, or without a network. */
  @Env('MONGOD_BINARY', line())
  readonly mongodBinary?: string;

  /** Folder of the embedded MongoDB's files and of secrets made outside production. */
  @Env('DATA_DIR', line(), { default: '.data' })
  readonly dataDir!: string;

  /** Redis for cache and rate limits that several processes share: `rediss://` is encrypted. Unset: both are kept in each process. */
  @Env('REDIS_URL', redisServer())
  readonly redisUrl?: string;

  /** The least severe log lines that are written. `debug` helps when something is being looked for. */
  @Env('LOG_LEVEL', oneOf(...LOG_LEVELS), { default: 'info' })
  readonly logLevel!: (typeof LOG_LEVELS)[number];

  /** Key that signs access tokens, ≥ 32 bytes (`openssl rand -base64 48`). Changing it signs everybody out. Outside production one is made and kept in DATA_DIR. */
  @Env('JWT_SECRET', secretOf(32), { requiredInProduction: true })
  readonly jwtSecret!: string;

  /** Cost of a password hash, as a power of two. Raise it as machines get faster; from 4 in test. */
  @Env('BCRYPT_ROUNDS', integer((mode) => (mode === 'test' ? 4 : 10), 15), { default: 12 })
  readonly bcryptRounds!: number;

  /** Keys that encrypt fields: 32 bytes as base64 (`openssl rand -base64 32`), or `kid:base64,kid2:base64`, of which the first encrypts. Outside production one is made and kept in DATA_DIR. */
  @Env('ENCRYPTION_KEY', encryptionKeys(), { requiredInProduction: true })
  readonly encryptionKeys!: readonly EncryptionKey[];

  /** Address of a Supabase project whose access tokens are accepted. Needs SUPABASE_ANON_KEY. */
  @Env('SUPABASE_URL', url('https', 'http'))
  readonly supabaseUrl?: string;

  /** Public key of that Supabase project. Needs SUPABASE_URL. */
  @Env('SUPABASE_ANON_KEY', issuedKey())
  readonly supabaseAnonKey?: string;

  /** Only for a Supabase project that still signs tokens with the legacy HS256 secret. */
  @Env('SUPABASE_JWT_SECRET', secretOf(32))
  readonly supabaseJwtSecret?: string;

  /** Key of the language model that workflows will call. /health shows whether it is set. */
  @Env('OPENAI_API_KEY', issuedKey())
  readonly openaiApiKey?: string;

  /** E-mail address of the first administrator, created before listening when there is none. Needs ADMIN_PASSWORD. */
  @Env('ADMIN_EMAIL', email())
  readonly adminEmail?: string;

  /** Password of the first administrator. Remove both once you have signed in and changed it. */
  @Env('ADMIN_PASSWORD', password())
  readonly adminPassword?: string;

  /** `closed`: only administrators create users. */
  @Env('REGISTRATION', oneOf('open', 'closed'), { default: 'open' })
  readonly registration!: 'open' | 'closed';

  /** Bearer token that /metrics asks for. Unset: development answers local callers, production answers 404. */
  @Env('METRICS_TOKEN', secretOf(16))
  readonly metricsToken?: string;

  /** Requests per minute and address (IPv6: per /64 network; NAT64: the address within). */
  @Env('RATE_LIMIT_MAX', integer(1, 1_000_000_000), { default: 300 })
  readonly rateLimitMax!: number;

  /** Largest request body, 1 KiB to 16 MiB. */
  @Env('BODY_LIMIT', bytes(1024, 16 * 1024 * 1024), { default: 1024 * 1024 })
  readonly bodyLimit!: number;

  /** Exact origins of other sites whose pages may call the API, separated by commas. Unset: none. */
  @Env('CORS_ORIGINS', origins(), { default: [] })
  readonly corsOrigins!: readonly string[];

  /** Proxies in front whose X-Forwarded-For is believed: their networks as CIDRs, or their number; with a number, whoever reaches the port directly is believed, too. Ports in it are cut. Unset: none. */
  @Env('TRUST_PROXY', proxies())
  readonly trustProxy?: number | readonly string[];

  /** How long, in milliseconds, requests in flight may take to finish after SIGTERM. */
  @Env('SHUTDOWN_GRACE_MS', integer(0, 600_000), { default: 10_000 })
  readonly shutdownGraceMs!: number;

  /** Mail server: `smtps://` is encrypted from the start, `smtp://` as soon as the server offers it. Unset: development and test write mails to DATA_DIR/outbox, production sends none. In production it needs PUBLIC_URL, for the links in mails. */
  @Env('SMTP_URL', mailServer())
  readonly smtpUrl?: string;

  /** Sender of mails. Unset: no-reply@ and the host of PUBLIC_URL. */
  @Env('MAIL_FROM', mailbox())
  readonly mailFrom?: string;

  /** Address under which people reach the product; it may have a path (`https://example.com/backend`), whether the proxy in front cuts it or not. Links in mails are made from it, never from a request. Unset outside production: HOST and PORT, and only requests to addresses of this machine are answered. */
  @Env('PUBLIC_URL', site())
  readonly publicUrl?: string;

  /** What the features' own classes hold. Each is injected by its class. */
  readonly features?: ReadonlyMap<ConfigClass, object>;

  constructor(values: Partial<Config>) {
    Object.assign(this, values);
    Object.freeze(this);
  }
}

/** Every class of variables, the product's own first. */
export const CONFIG_CLASSES = [Config, ...featureConfigs] as const;

/** @throws DeclarationError for a variable that two properties are read from */
function requireDistinct(classes: readonly { prototype: object; name: string }[]): void {
  const readers = new Map<string, string>();
  for (const type of classes) {
    for (const { name } of variablesOf(type)) {
      const reader = readers.get(name);
      if (reader) throw new DeclarationError(`${type.name} and ${reader} both read ${name}: rename one`);
      readers.set(name, type.name);
    }
  }
}

requireDistinct(CONFIG_CLASSES);

/** The start is refused. `faults` names every variable at fault and holds no value. */
export class ConfigError extends StartError {
  /** EX_CONFIG of sysexits.h: the configuration is at fault, so trying again will not help. */
  override readonly exitCode = 78;

  constructor(
    readonly faults: readonly Fault[],
    options?: ErrorOptions,
  ) {
    super(
      ['The configuration is not valid:', ...faults.map((f) => `  ${f.variable} ${f.problem}`)].join('\n'),
      options,
    );
  }
}

/** Variables that mean nothing without each other. */
const PAIRS = [
  ['SUPABASE_URL', 'SUPABASE_ANON_KEY'],
  ['ADMIN_EMAIL', 'ADMIN_PASSWORD'],
] as const;

function* crossFaults(env: Environment, mode: Mode): Generator<Fault> {
  const isSet = (name: string) => Boolean(env[name]?.trim());
  for (const [first, second] of PAIRS) {
    if (isSet(first) && !isSet(second)) yield { variable: second, problem: `is required with ${first}` };
    if (isSet(second) && !isSet(first)) yield { variable: first, problem: `is required with ${second}` };
  }
  if (isSet('SUPABASE_JWT_SECRET') && !isSet('SUPABASE_URL')) {
    yield { variable: 'SUPABASE_URL', problem: 'is required with SUPABASE_JWT_SECRET' };
  }
  if (mode === 'production' && isSet('SMTP_URL') && !isSet('PUBLIC_URL')) {
    yield { variable: 'PUBLIC_URL', problem: 'is required with SMTP_URL in production' };
  }
}

/** What the environment says; secrets may still be absent outside production (see `completeSecrets`). */
export type ParsedConfig = Omit<Config, 'jwtSecret' | 'encryptionKeys'> &
  Partial<Pick<Config, 'jwtSecret' | 'encryptionKeys'>>;

/**
 * Reads the configuration from an environment.
 * @throws ConfigError with every fault at once
 */
export function parseConfig(env: Environment): ParsedConfig {
  const mode = MODES.find((known) => known === env['NODE_ENV']?.trim()) ?? 'development';
  const { values, faults } = readVariables(variablesOf(Config), env, mode);
  faults.push(...crossFaults(env, mode));
  const { adminEmail, adminPassword } = values as Partial<Config>;
  const weakness = adminEmail && adminPassword && weaknessOf(adminPassword, adminEmail);
  if (weakness) faults.push({ variable: 'ADMIN_PASSWORD', problem: weakness });
  const features = new Map<ConfigClass, object>();
  for (const type of featureConfigs) {
    const own = readVariables(variablesOf(type), env, mode);
    faults.push(...own.faults);
    features.set(type, Object.freeze(Object.assign(new type(), own.values)));
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { ...values, features } as unknown as ParsedConfig;
}
