import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { faultsOf } from '../../../test/support/configuration-faults.js';
import { CONFIG_CLASSES } from './config-classes.js';
import { ConfigError, parseConfig } from './config.js';
import { Env, type Environment, readVariables, variablesOf } from './env.js';
import { integer } from './kinds.js';
import { ProcessConfig } from './process.config.js';

const production: Environment = {
  NODE_ENV: 'production',
  MONGODB_URI: 'mongodb://db.test:27017/product?replicaSet=rs0',
  JWT_SECRET: randomBytes(48).toString('base64'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
};

/** The values of all classes together. */
function valuesOf(env: Environment): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...parseConfig(env).parts.values()) as Record<string, unknown>;
}

describe('the configuration', () => {
  it('needs nothing in development', () => {
    expect(valuesOf({})).toMatchObject({
      mode: 'development',
      port: 3002,
      host: '127.0.0.1',
      mongodbUri: undefined,
      dataDir: '.data',
      logLevel: 'info',
      jwtSecret: undefined,
      bcryptRounds: 12,
      registration: 'open',
      rateLimitMax: 300,
      bodyLimit: 1024 * 1024,
      corsOrigins: [],
      trustProxy: undefined,
      shutdownGraceMs: 10_000,
    });
  });

  it('listens to everybody in production unless told otherwise', () => {
    expect(valuesOf(production)['host']).toBe('0.0.0.0');
    expect(valuesOf({ ...production, HOST: '127.0.0.1' })['host']).toBe('127.0.0.1');
  });

  it('needs a database and secrets in production', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual(
      ['MONGODB_URI', 'JWT_SECRET', 'ENCRYPTION_KEY'].map((variable) => ({
        variable,
        problem: 'is required in production',
      })),
    );
  });

  it.each(['', '   '])('takes the text %j for a variable that is not set', (text) => {
    const env = Object.fromEntries(CONFIG_CLASSES.flatMap(variablesOf).map(({ name }) => [name, text]));
    expect(parseConfig(env)).toEqual(parseConfig({}));
    expect(faultsOf({ ...production, JWT_SECRET: text })).toHaveLength(1);
  });

  it('ignores spaces around a value', () => {
    expect(valuesOf({ PORT: ' 8080 ', NODE_ENV: 'test ', BCRYPT_ROUNDS: '4' })).toMatchObject({
      port: 8080,
      mode: 'test',
      bcryptRounds: 4,
    });
  });

  it('ignores variables that are not its own', () => {
    expect(parseConfig({ PORTS: 'x', npm_config_port: 'y' })).toEqual(parseConfig({}));
  });

  it.each<[string, string, Environment]>([
    ['SUPABASE_ANON_KEY', 'SUPABASE_URL', { SUPABASE_URL: 'https://project.test' }],
    ['SUPABASE_URL', 'SUPABASE_ANON_KEY', { SUPABASE_ANON_KEY: 'anon-T9bL4wZ' }],
    ['SUPABASE_URL', 'SUPABASE_JWT_SECRET', { SUPABASE_JWT_SECRET: randomBytes(32).toString('base64') }],
    ['ADMIN_PASSWORD', 'ADMIN_EMAIL', { ADMIN_EMAIL: 'ada@example.com' }],
    ['ADMIN_EMAIL', 'ADMIN_PASSWORD', { ADMIN_PASSWORD: 'correct horse battery' }],
    ['PUBLIC_URL', 'SMTP_URL in production', { ...production, SMTP_URL: 'smtp://mail.test' }],
  ])('misses %s beside %s', (missing, _, env) => {
    expect(faultsOf(env)).toEqual([
      { variable: missing, problem: expect.stringMatching(/^is required with /) },
    ]);
  });

  it('takes both halves', () => {
    const pairs = {
      SUPABASE_URL: 'https://project.test',
      SUPABASE_ANON_KEY: 'anon-T9bL4wZ',
      ADMIN_EMAIL: 'ada@example.com',
      ADMIN_PASSWORD: 'correct horse battery',
      SMTP_URL: 'smtp://mail.test',
      PUBLIC_URL: 'https://product.test',
    };
    expect(faultsOf({ ...production, ...pairs })).toEqual([]);
    expect(faultsOf({ SMTP_URL: 'smtp://mail.test' })).toEqual([]);
  });

  it('cannot be changed once it is made', () => {
    const config = parseConfig({}).with(ProcessConfig, { dataDir: 'elsewhere' });
    expect(config.of(ProcessConfig)).toMatchObject({ dataDir: 'elsewhere', mode: 'development' });
    for (const part of config.parts.values()) {
      expect(() => Object.assign(part, { dataDir: 'here' })).toThrow(TypeError);
    }
  });

  it('says every fault at once, by name, and ends with the exit code for configurations', () => {
    const error = new ConfigError([
      { variable: 'PORT', problem: 'must be one' },
      { variable: 'HOST', problem: 'must be two' },
    ]);
    expect(error.message).toBe('The configuration is not valid:\n  PORT must be one\n  HOST must be two');
    expect(error.exitCode).toBe(78);
  });
});

describe('readVariables', () => {
  class Sample {
    @Env('COUNT', integer(1, 9), { default: 1, productionDefault: 2 })
    readonly count!: number;

    @Env('BROKEN', {
      accepts: 'nothing',
      parse: () => {
        // What a library throws may be no Error; its text could be the value.
        throw 'the value';
      },
    })
    readonly broken?: string;
  }

  it('takes the default of the mode', () => {
    expect(readVariables(variablesOf(Sample), {}, 'test').values['count']).toBe(1);
    expect(readVariables(variablesOf(Sample), {}, 'production').values['count']).toBe(2);
  });

  it('repeats nothing that a parser throws and that is no Error', () => {
    const { faults } = readVariables(variablesOf(Sample), { BROKEN: 'x' }, 'test');
    expect(faults).toEqual([{ variable: 'BROKEN', problem: 'cannot be read' }]);
  });

  it('knows no variables of a class that declares none', () => {
    expect(variablesOf(class {})).toEqual([]);
  });
});

describe('a variable for each entry of a list', () => {
  class Lab {
    @Env('LAB_<NAME>_SIZE', integer(1, 9), { eachOf: 'LABS' })
    readonly sizes!: Readonly<Record<string, number>>;
  }
  const read = (env: Environment) => readVariables(variablesOf(Lab), env, 'test');

  it('is read by the entries, and checked as others are', () => {
    expect(read({ LABS: 'a, far-away', LAB_A_SIZE: '1', LAB_FAR_AWAY_SIZE: '2' })).toEqual({
      values: { sizes: { a: 1, 'far-away': 2 } },
      faults: [],
    });
    expect(read({ LABS: 'a', LAB_A_SIZE: '0' }).faults).toEqual([
      { variable: 'LAB_A_SIZE', problem: 'must be an integer from 1 to 9' },
    ]);
    expect(read({})).toEqual({ values: { sizes: {} }, faults: [] });
  });

  it('is refused for what the list does not name', () => {
    expect(read({ LABS: 'a', LAB_B_SIZE: '1', LAB_A_SIZE: '1' }).faults).toEqual([
      { variable: 'LAB_B_SIZE', problem: 'is set, but LABS does not name it' },
    ]);
  });
});
