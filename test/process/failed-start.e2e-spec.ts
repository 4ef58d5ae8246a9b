import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { commandsNaming } from '../../src/embedded-mongo/fixtures/processes.js';
import { resolveMongod } from '../../src/embedded-mongo/mongod-binary.js';
import { addToBuild } from './lab-feature.js';
import { HttpCaller } from './http-caller.js';
import { Installation, mongodOf } from './server-process.js';
import { PRODUCT } from '../../src/product/product.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

let installation: Installation;
let count = 0;
/** Of one test. */
let dataDir: string;

beforeAll(async () => {
  installation = await Installation.create();
});
afterAll(() => installation.remove());
beforeEach(() => {
  dataDir = join(installation.folder, `data-${count++}`);
});

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('a start that cannot succeed', () => {
  it('says that another server uses its DATA_DIR, which goes on working', async () => {
    const first = await installation.start({ DATA_DIR: dataDir });
    const ada = await new HttpCaller(first.url).signIn();
    const mongod = await mongodOf(dataDir);
    const second = await installation.run({ DATA_DIR: dataDir });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toBe(
      `DATA_DIR ${dataDir} is in use by another ${PRODUCT.name} (mongod process ${mongod}). ` +
        'Stop it first, or set another DATA_DIR.\n',
    );
    expect((await ada.post('/api/v1/projects', { name: 'Still here' })).status).toBe(201);
    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it('names PORT when another program has it, before it starts a database', async () => {
    const { server: other, port } = await listening();
    const { code, stdout, stderr } = await installation.run({ DATA_DIR: dataDir, PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(`PORT ${port} is in use. Stop the program that uses it, or set another PORT.\n`);
    expect(stdout).not.toContain('EADDRINUSE');
    expect(commandsNaming(dataDir)).toEqual([]);
  });

  it.each([
    ['203.0.113.7', 'HOST 203.0.113.7 is not an address of this machine.\n'],
    ['nowhere.invalid', 'HOST nowhere.invalid cannot be resolved.\n'],
  ])('names HOST when it cannot listen on %s', async (host, message) => {
    expect(
      await installation.run({ MONGODB_URI: process.env['TEST_MONGODB_URI'], DATA_DIR: dataDir, HOST: host }),
    ).toMatchObject({
      code: 1,
      stderr: message,
    });
  });

  it('names MONGODB_URI when it leads to a mongod without a replica set', async () => {
    const { path } = await resolveMongod({
      binary: process.env['MONGOD_BINARY'],
      env: process.env,
      log: process.stderr,
    });
    const dbPath = join(installation.folder, 'alone');
    await mkdir(dbPath);
    const { server, port } = await listening();
    server.close();
    const options = [`--dbpath=${dbPath}`, `--port=${port}`, '--bind_ip=127.0.0.1', '--nounixsocket'];
    const mongod = spawn(path, options, { stdio: 'ignore' });
    const uri = `mongodb://127.0.0.1:${port}/alone`;
    // It waits until the database answers, so nobody else has to.
    const exit = await installation
      .run({ MONGODB_URI: uri, DATA_DIR: dataDir })
      .finally(() => mongod.kill('SIGKILL'));
    expect(exit.stderr).toBe('The configuration is not valid:\n  MONGODB_URI must lead to a replica set\n');
    expect(exit.code).toBe(78);
  });

  const real = new URL(process.env['TEST_MONGODB_URI'] ?? '');
  it.each([
    [
      'refuses the user',
      `mongodb://zq1:zq2@${real.host}/zq3?directConnection=true&authSource=admin`,
      78,
      'The configuration is not valid:\n  MONGODB_URI has a user or a password that the database refuses\n',
    ],
    [
      'asks for a user',
      `mongodb://${real.host}/zq3?directConnection=true`,
      78,
      'The configuration is not valid:\n  MONGODB_URI needs a user who may read, write and watch the database (readWrite)\n',
    ],
    [
      'does not offer the mechanism',
      `mongodb://zq1:zq2@${real.host}/zq3?directConnection=true&authMechanism=PLAIN`,
      78,
      'The configuration is not valid:\n  MONGODB_URI has an authMechanism that the database does not offer\n',
    ],
    [
      'is reached with options that do not fit',
      `mongodb://${real.host}/zq3?authMechanism=MONGODB-OIDC`,
      78,
      'The configuration is not valid:\n  MONGODB_URI has options that the driver of MongoDB does not take together\n',
    ],
    [
      'is another replica set',
      `mongodb://${real.host}/zq3?replicaSet=zq4&serverSelectionTimeoutMS=300`,
      1,
      'The database that MONGODB_URI names does not answer. None of its hosts belongs to the replica set that replicaSet names.\n',
    ],
    [
      'has hosts that no DNS knows',
      'mongodb+srv://zq1:zq2@zq5.zq6.invalid/zq3?serverSelectionTimeoutMS=300',
      1,
      'The database that MONGODB_URI names does not answer.\n',
    ],
  ])('says what is wrong when the database %s', async (_, uri, code, stderr) => {
    const env = { MONGODB_URI: uri, DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
    expect(await installation.run(env)).toMatchObject({ code, stderr, stdout: '' });
  });

  it('leaves a file alone that DATA_DIR names instead of a folder', async () => {
    const file = join(installation.folder, 'package.json');
    const before = await readFile(file, 'utf8');
    const { code, stderr } = await installation.run({ DATA_DIR: file });
    expect(stderr).toBe(
      'The configuration is not valid:\n  DATA_DIR must be a folder that can be written to\n',
    );
    expect(code).toBe(78);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it.each([
    [
      'a route without access',
      `@Controller('api/v1/lab') class LabController { @Get() all() {} }
       @Module({ controllers: [LabController] }) class LabModule {}`,
      'GET /api/v1/lab declares no access: write @SignedIn(), @OwnerOr(…), @Requires(…) or @Public() above its handler\n',
    ],
    [
      'a decorator with what it does not take, by the file that it stands in',
      `class LabDto { @RichText(99999) text; } class LabModule {}`,
      '@RichText(99999) is more than 20000 characters (src/modules/lab/lab.module.ts)\n',
    ],
    [
      'a rule that cannot be honoured',
      `class LabDto { @IsString({ groups: ['a'] }) text; }
       @Controller('api/v1/lab') class LabController { @Get() @SignedIn() @Answers(LabDto) all() {} }
       class LabModule {}`,
      /^LabDto\.text uses groups.*\(src\/modules\/lab\/lab\.module\.ts\)\n$/,
    ],
    [
      'a provider that nobody provides',
      `class Other {} class LabService { constructor(@Inject(Other) other) {} }
       @Module({ providers: [LabService] }) class LabModule {}`,
      'LabService needs Other (parameter 1): add it to the providers of LabModule, or the module that exports it to the imports\n',
    ],
    [
      'a module that imports nothing',
      `@Module({ imports: [undefined] }) class LabModule {}`,
      /^Nest cannot create the LabModule instance\. The module at index \[0\] .* is undefined\.\n$/,
    ],
  ])('tells of %s in a sentence', async (_, module, stderr) => {
    const folder = await withModule(module);
    const env = { MONGODB_URI: process.env['TEST_MONGODB_URI'], DATA_DIR: dataDir };
    const exit = await installation.run(env, folder, folder);
    expect(exit.stderr).toEqual(typeof stderr === 'string' ? stderr : expect.stringMatching(stderr));
    expect(exit.stderr + exit.stdout).not.toMatch(/\n\s+at |"stack"/);
    expect(exit).toMatchObject({ code: 78, stdout: '' });
  });
});

/** The build in a folder of its own, with one more feature, compiled. */
async function withModule(source: string): Promise<string> {
  const folder = join(installation.folder, `lab-${count++}`);
  await cp(join(installation.folder, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(installation.folder, 'package.json'), join(folder, 'package.json'));
  const imports = `
    import { Controller, Get, Inject, Module } from '@nestjs/common';
    import { IsString } from 'class-validator';
    import { Answers } from '../../platform/http/answers.js';
    import { SignedIn } from '../../platform/access/access.js';
    import { RichText } from '../../platform/validation/rich-text.js';`;
  await addToBuild(folder, { 'lab.module': `${imports} ${source} export { LabModule };` });
  return folder;
}
