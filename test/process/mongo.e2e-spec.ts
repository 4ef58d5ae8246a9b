import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import mongoose from 'mongoose';
import { commandsNaming } from '../../src/embedded-mongo/fixtures/processes.js';
import { type Exit, Installation, type ServerProcess } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

let installation: Installation;
let server: ServerProcess;
const env = () => ({ DATA_DIR: join(installation.folder, 'data'), LOG_LEVEL: 'trace' });

const mongo = (words: string[] = [], more = {}): Promise<Exit> =>
  installation.spawn([process.execPath, 'dist/mongo.js', ...words], { ...env(), ...more }).ended;

beforeAll(async () => {
  installation = await Installation.create();
  server = await installation.start(env());
});
afterAll(() => installation.remove());

describe('npm run mongo', () => {
  it('prints the connection string and nothing else, which leads into the database', async () => {
    const { code, stdout, stderr } = await mongo();
    expect(stdout).toBe(await readFile(join(env().DATA_DIR, 'mongodb.uri'), 'utf8'));
    expect(stderr).toBe('With the password of this start; whoever has this line has the database:\n');
    expect(code).toBe(0);
    const client = new mongoose.mongo.MongoClient(stdout.trim());
    expect(await client.db().collection('migrations').countDocuments()).toBeGreaterThan(0);
    await client.close();
    const { password } = new URL(stdout);
    expect(commandsNaming(password)).toEqual([]);
    expect(server.stdout + server.stderr).not.toContain(password);
  });

  it('explains itself, and does not take words that it does not know', async () => {
    expect(await mongo(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^npm run mongo\n/),
      stderr: '',
    });
    expect(await mongo(['show'])).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringMatching(/^Not understood: show\./),
    });
  });

  it('says that there is none when MONGODB_URI names another database', async () => {
    const MONGODB_URI = 'mongodb://me:pass-zq5@127.0.0.1:1/other';
    expect(await mongo([], { MONGODB_URI })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'MONGODB_URI is set, so there is no embedded MongoDB: connect to what it names.\n',
    });
  });

  it('says when the server does not run, and when the password is lost', async () => {
    server.kill('SIGTERM');
    await server.ended;
    const { DATA_DIR } = env();
    expect(await mongo()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `The embedded MongoDB does not run on DATA_DIR ${DATA_DIR}: start the server first.\n`,
    });
    await rm(join(DATA_DIR, 'mongodb.uri'));
    expect((await mongo()).stderr).toMatch(/start it again: it makes a new password at each start\.$/m);
  });
});
