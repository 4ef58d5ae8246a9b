import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { ConfigError, parseConfig } from '../../src/platform/config/config.js';
import { atMost, sampled } from '../support/soak.js';
import { createTestApp } from '../support/test-app.js';
import { type Exit, Installation } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

type Environment = Readonly<Record<string, string>>;

const secret = randomBytes(48).toString('base64');
const key = randomBytes(32).toString('base64');
/** Everything that production requires. */
const production = {
  NODE_ENV: 'production',
  MONGODB_URI: 'mongodb://db.invalid:27017/product?replicaSet=rs0',
  JWT_SECRET: secret,
  ENCRYPTION_KEY: key,
};

/** What is at fault by what is set; every value is one that could be found again in a message. */
const faulty: [what: string, env: Environment, variables: string[]][] = [
  ['an unknown mode', { NODE_ENV: 'staging' }, ['NODE_ENV']],
  ['a port that does not exist', { PORT: '70123' }, ['PORT']],
  ['a port that is no number', { PORT: 'port-zq1' }, ['PORT']],
  ['a host that is an address of a site', { HOST: 'http://host-zq2' }, ['HOST']],
  ['another database', { MONGODB_URI: 'postgres://user-zq3:pass-zq3@db/shop' }, ['MONGODB_URI']],
  [
    'a MongoDB without a database name',
    { MONGODB_URI: 'mongodb://user-zq4:pass-zq4@db:27017' },
    ['MONGODB_URI'],
  ],
  [
    'a MongoDB whose secondaries are read',
    { MONGODB_URI: 'mongodb://user-zq33:pass-zq33@db/shop?readPreference=secondaryPreferred' },
    ['MONGODB_URI'],
  ],
  [
    'a project with a query',
    { SUPABASE_URL: 'https://zq34.test/?a=b', SUPABASE_ANON_KEY: key },
    ['SUPABASE_URL'],
  ],
  ['a program with a line break', { MONGOD_BINARY: '/opt/zq5\n/mongod' }, ['MONGOD_BINARY']],
  ['a folder with a control character', { DATA_DIR: '/var/zq6\u0007' }, ['DATA_DIR']],
  ['another cache', { REDIS_URL: 'http://cache-zq7:6379' }, ['REDIS_URL']],
  ['an unknown log level', { LOG_LEVEL: 'chatty-zq8' }, ['LOG_LEVEL']],
  ['a short secret', { JWT_SECRET: 'short-zq9' }, ['JWT_SECRET']],
  [
    'a sample secret',
    { JWT_SECRET: 'your-super-secret-jwt-token-with-at-least-32-characters' },
    ['JWT_SECRET'],
  ],
  ['a secret of one key', { JWT_SECRET: 'a'.repeat(64) }, ['JWT_SECRET']],
  ['a hash that is too cheap', { BCRYPT_ROUNDS: '0009' }, ['BCRYPT_ROUNDS']],
  ['a hash that is too dear', { BCRYPT_ROUNDS: '0016' }, ['BCRYPT_ROUNDS']],
  ['an encryption key of 16 bytes', { ENCRYPTION_KEY: secret.slice(0, 22) + '==' }, ['ENCRYPTION_KEY']],
  ['an encryption key of zeros', { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }, ['ENCRYPTION_KEY']],
  ['two encryption keys of one name', { ENCRYPTION_KEY: `zq10:${key},zq10:${key}` }, ['ENCRYPTION_KEY']],
  ['an address without its key', { SUPABASE_URL: 'https://zq11.test' }, ['SUPABASE_ANON_KEY']],
  ['a key without its address', { SUPABASE_ANON_KEY: 'anon-zq12' }, ['SUPABASE_URL']],
  [
    'a sample of a public key',
    { SUPABASE_URL: 'https://zq13.test', SUPABASE_ANON_KEY: 'your-anon-key' },
    ['SUPABASE_ANON_KEY'],
  ],
  ['a legacy secret without its address', { SUPABASE_JWT_SECRET: secret }, ['SUPABASE_URL']],
  ['a sample key', { OPENAI_API_KEY: 'your_openai_api_key' }, ['OPENAI_API_KEY']],
  [
    "another server's model without its name",
    { OPENAI_API_KEY: 'sk-zq13b', OPENAI_BASE_URL: 'https://zq13c.test' },
    ['OPENAI_MODEL'],
  ],
  ['every network there is', { OUTBOUND_ALLOW: '0.0.0.0/0' }, ['OUTBOUND_ALLOW']],
  ['an administrator without a password', { ADMIN_EMAIL: 'zq14@example.com' }, ['ADMIN_PASSWORD']],
  ['an administrator without an address', { ADMIN_PASSWORD: 'correct horse zq15' }, ['ADMIN_EMAIL']],
  [
    'a name for an address',
    { ADMIN_EMAIL: 'admin-zq16', ADMIN_PASSWORD: 'correct horse zq16' },
    ['ADMIN_EMAIL'],
  ],
  ['a short password', { ADMIN_EMAIL: 'zq17@example.com', ADMIN_PASSWORD: 'zq17!aB' }, ['ADMIN_PASSWORD']],
  ['a sample password', { ADMIN_EMAIL: 'zq18@example.com', ADMIN_PASSWORD: 'changeme' }, ['ADMIN_PASSWORD']],
  ['an unknown choice', { REGISTRATION: 'maybe-zq19' }, ['REGISTRATION']],
  ['a short token', { METRICS_TOKEN: 'token-zq20' }, ['METRICS_TOKEN']],
  ['no requests at all', { RATE_LIMIT_MAX: '-77777' }, ['RATE_LIMIT_MAX']],
  ['a body that is too large', { BODY_LIMIT: '17 MiB' }, ['BODY_LIMIT']],
  ['every origin', { CORS_ORIGINS: 'https://zq21.test,*' }, ['CORS_ORIGINS']],
  ['an origin with a path', { CORS_ORIGINS: 'https://zq22.test/app' }, ['CORS_ORIGINS']],
  ['every proxy', { TRUST_PROXY: 'true' }, ['TRUST_PROXY']],
  ['a network of everybody', { TRUST_PROXY: '0.0.0.0/0' }, ['TRUST_PROXY']],
  ['a time before now', { SHUTDOWN_GRACE_MS: '-1000' }, ['SHUTDOWN_GRACE_MS']],
  ['another way of mail', { SMTP_URL: 'https://mail-zq23.test' }, ['SMTP_URL']],
  ['a sender that is no address', { MAIL_FROM: 'Ada zq24' }, ['MAIL_FROM']],
  [
    'a mail server with options',
    { SMTP_URL: 'smtp://mail-zq27.test/?tls.rejectUnauthorized=false' },
    ['SMTP_URL'],
  ],
  ['links with a query', { PUBLIC_URL: 'https://zq28.test/app?a=b' }, ['PUBLIC_URL']],
  ['an address of files', { PUBLIC_URL: 'ftp://zq25.test' }, ['PUBLIC_URL']],
  ['nothing in production', { NODE_ENV: 'production' }, ['MONGODB_URI', 'JWT_SECRET', 'ENCRYPTION_KEY']],
  ['an empty secret in production', { ...production, JWT_SECRET: ' ' }, ['JWT_SECRET']],
  ['mail without links in production', { ...production, SMTP_URL: 'smtp://zq26.test' }, ['PUBLIC_URL']],
  [
    'many faults at once',
    {
      ...production,
      JWT_SECRET: 'short-zq27',
      PORT: 'zq28',
      ADMIN_EMAIL: 'zq29@example.com',
      TRUST_PROXY: 'true',
    },
    ['JWT_SECRET', 'PORT', 'TRUST_PROXY', 'ADMIN_PASSWORD'],
  ],
];

let installation: Installation;
const exits = new Map<Environment, Exit>();

const dataDirOf = (env: Environment) =>
  join(installation.folder, `data-${faulty.findIndex(([, e]) => e === env)}`);

/** Each of these is a process of its own, three at a time; the gate starts twenty. */
const started = sampled(faulty, 20);
beforeAll(async () => {
  installation = await Installation.create();
  const waiting = started.map(([, env]) => env).values();
  const work = async () => {
    for (const env of waiting) exits.set(env, await installation.run({ DATA_DIR: dataDirOf(env), ...env }));
  };
  await Promise.all([work(), work(), work()]);
}, 120_000);
afterAll(() => installation.remove());

/** What the start says of an environment, without the process around it. */
function refusalOf(env: Environment): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message}\n`;
  }
  throw new Error('It is taken');
}

describe('a start with a faulty environment', () => {
  it.each(started)('is refused for %s before anything is begun', async (_, env) => {
    const { code, stdout, stderr, ms } = exits.get(env) as Exit;
    expect([code, stdout, stderr]).toEqual([78, '', refusalOf(env)]);
    expect(ms).toBeLessThan(atMost(5_000));
    const made = (await readdir(installation.folder)).filter((name) => dataDirOf(env).endsWith(`/${name}`));
    expect(made).toEqual([]);
  });

  it.each(faulty)('names the variables of %s, and no value', (_, env, variables) => {
    const refusal = refusalOf(env);
    expect(refusal).toMatch(/^The configuration is not valid:\n( {2}[A-Z\d_]+ .+\n)+$/);
    expect([...refusal.matchAll(/^ {2}([A-Z\d_]+) /gm)].map(([, name]) => name)).toEqual(variables);
    const isAllowed = (value: string) => ['production', ' '].includes(value);
    for (const value of Object.values(env).filter((each) => !isAllowed(each))) {
      expect(refusal).not.toContain(value);
      for (const part of value.match(/[\w-]*zq\d+/g) ?? []) expect(refusal).not.toContain(part);
    }
  });
});

describe('a file .env in the working directory', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'product-dotenv-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('adds what the environment does not set', async () => {
    await writeFile(join(folder, '.env'), '# A comment\nPORT=zq30\nLOG_LEVEL="zq31"\nREGISTRATION=maybe\n');
    const env = { DATA_DIR: folder, PORT: '0', REGISTRATION: 'closed' };
    const { code, stdout, stderr } = await installation.run(env, folder);
    expect(stderr).toBe(
      'The configuration is not valid:\n' +
        '  LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent\n',
    );
    expect([code, stdout]).toEqual([78, '']);
  });

  const start = async (file: string | Buffer, env: Environment = {}) => {
    await writeFile(join(folder, '.env'), file);
    return installation.run({ DATA_DIR: folder, PORT: '', ...env }, folder);
  };

  it('is read behind a byte order mark, and where a variable of the environment is empty', async () => {
    const { stderr } = await start(`\uFEFFNODE_ENV=production\r\nPORT=zq35\r\n`);
    expect([...stderr.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name)).toEqual([
      'MONGODB_URI',
      'JWT_SECRET',
      'ENCRYPTION_KEY',
      'PORT',
    ]);
  });

  it('is refused where something of it would be dropped or cut, together with all other faults', async () => {
    const { code, stdout, stderr } = await start(
      `NODE_ENV=production\nJWT_SECRET=${secret}#zq36\nENCRYPTION_KEY="${key}\nRATE_LIMT_MAX=10\nPORT=zq37\n`,
    );
    expect(stderr).toBe(
      'The configuration is not valid:\n' +
        '  JWT_SECRET (.env line 2) holds a #: put the value in single quotes, or the comment on a line of its own\n' +
        '  ENCRYPTION_KEY (.env line 3) has no closing quote on its line, or text behind it\n' +
        '  .env line 4 sets no variable that is known: RATE_LIMIT_MAX is meant?\n' +
        '  MONGODB_URI is required in production\n' +
        '  PORT must be an integer from 0 to 65535\n',
    );
    expect([code, stdout]).toEqual([78, '']);
  });

  it('is refused in another encoding', async () => {
    expect(await start(Buffer.from('\uFEFFNODE_ENV=production\n', 'utf16le'))).toMatchObject({
      code: 78,
      stderr: 'The configuration is not valid:\n  .env is not written in UTF-8: save it as UTF-8\n',
    });
  });
});

describe('ADMIN_EMAIL', () => {
  it('stops the start when it belongs to a user who is no administrator, and does not repeat it', async () => {
    const test = await createTestApp();
    const email = 'zq32@example.com';
    await test.anonymous.post('/api/v1/auth/register', { email, password: 'correct horse battery' });
    const exit = await installation.run({
      MONGODB_URI: test.config.of(DatabaseConfig).mongodbUri,
      DATA_DIR: join(installation.folder, 'admin'),
      LOG_LEVEL: 'fatal',
      ADMIN_EMAIL: email,
      ADMIN_PASSWORD: 'a long way to go home',
    });
    await test.close();
    expect(exit.stderr).toMatch(/^The configuration is not valid:\n {2}ADMIN_EMAIL belongs to a user .+\n$/);
    expect(exit.stderr).not.toContain('zq32');
    expect([exit.code, exit.stdout]).toEqual([78, '']);
  });
});
