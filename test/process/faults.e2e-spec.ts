import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { HttpCaller } from './http-caller.js';
import { addToBuild } from './lab-feature.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';
import { report } from '../support/soak.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

/** Whose address stands in what goes wrong. */
const PERSON = 'jane.doe@product.test';

const CONTROLLER = `
import { Controller, Get, Query } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { Public } from '../../platform/access/access.js';
import { AnswersMessage } from '../../platform/http/answers.js';
import { AnyInput } from '../../platform/http/input.js';

const error = () => new TypeError('${PERSON} is wrong\\n    at ${PERSON} (secret.js:1:1)');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let held = [];
// Requests are refused then.
process.on('SIGUSR2', () => { held = []; });

@Controller('lab')
export class LabController {
  constructor(@InjectConnection() connection) { this.connection = connection; }

  @Get('throw') @Public() @AnyInput() @AnswersMessage('never')
  throw() { setTimeout(() => { throw error(); }, 50); return new Promise(() => undefined); }

  @Get('reject') @Public() @AnyInput() @AnswersMessage('never')
  reject() { setTimeout(() => void Promise.reject(error()), 50); return new Promise(() => undefined); }

  @Get('slow') @Public() @AnyInput() @AnswersMessage('slow')
  async slow() { await sleep(400); }

  @Get('block') @Public() @AnyInput() @AnswersMessage('blocked')
  block() { const until = Date.now() + 5_000; while (Date.now() < until); }

  /** Asks the database many things, one after the other. */
  @Get('ask') @Public() @AnyInput() @AnswersMessage('asked')
  async ask() { for (let n = 0; n < 40; n++) { await this.connection.collection('lab').findOne({ n }); await sleep(25); } }

  @Get('hold') @Public() @AnyInput() @AnswersMessage('held')
  async hold() { held.push(Array.from({ length: 100_000 }, (_, i) => ({ i }))); await sleep(20); }
}
`;
const MODULE = `
import { Module } from '@nestjs/common';
import { LabController } from './lab.controller.js';

@Module({ controllers: [LabController] })
export class LabModule {}
`;

let installation: Installation;
let mongod: OwnMongod;
let env: Record<string, string>;

beforeAll(async () => {
  [installation, mongod] = await Promise.all([Installation.create(), startOwnMongod()]);
  await addToBuild(installation.folder, { 'lab.controller': CONTROLLER, 'lab.module': MODULE });
  env = { MONGODB_URI: mongod.uri, DATA_DIR: `${installation.folder}/data` };
});
afterAll(async () => {
  await installation.remove();
  await mongod.remove();
});

type Line = Readonly<Record<string, unknown>>;

function linesOf({ stdout }: Pick<ServerProcess, 'stdout'>, event: string): Line[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Line).filter((line) => line['event'] === event);
}

const told = ({ status, body }: { status: number; body: { code?: string } }) =>
  [status, body.code].filter(Boolean).join(' ');

describe('an event loop that is blocked for 5 s', () => {
  it('is what requests are told that come late for it, and no other answer is sent after', async () => {
    const server = await installation.start(env);
    const caller = new HttpCaller(server.url);
    const asked = Array.from({ length: 20 }, () => caller.get('/lab/ask'));
    const early = Array.from({ length: 8 }, () => connect(Number(new URL(server.url).port), '127.0.0.1'));
    await Promise.all(early.map((socket) => once(socket, 'connect')));
    await caller.get('/health/live');
    const blocked = caller.get('/lab/block');
    // Sent in time, and read by the process only after the time for headers.
    await sleep(500);
    for (const socket of early)
      socket.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    const answers = (await Promise.all(asked)).map(told);
    expect(new Set([...answers, '200', '503 SERVER_HELD_UP'])).toEqual(
      new Set(['200', '503 SERVER_HELD_UP']),
    );
    expect(answers).toContain('503 SERVER_HELD_UP');
    const read = await Promise.all(early.map((socket) => text(socket)));
    expect(read.map((answer) => answer.slice(9, 12))).toEqual(early.map(() => '200'));
    await blocked;
    // It passes, once the driver has found the database again.
    while (told(await caller.get('/lab/ask')) !== '200');
    expect(linesOf(server, 'process_held_up')).not.toEqual([]);
    expect(server.stdout).not.toContain('already sent');
    expect(server.stderr).toBe('');
    report('event loop blocked for 5 s: 20 requests under way, all answered, none with a wrong reason');
    server.kill('SIGKILL');
  });
});

describe('a heap that is nearly full', () => {
  it('is seen before its end: not ready, and requests are refused until there is memory again', async () => {
    const server = await installation.start({ ...env, NODE_OPTIONS: '--max-old-space-size=160' });
    const caller = new HttpCaller(server.url);
    const ready = async () => (await caller.get('/health/ready')).status;
    const becomes = async (status: number): Promise<void> => {
      for (const giveUp = Date.now() + 20_000; (await ready()) !== status;) {
        if (Date.now() > giveUp) throw new Error(`never ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    let outcome = '';
    for (let times = 0; times < 60 && outcome !== '503 OVERLOADED'; times++) {
      outcome = told(await caller.get('/lab/hold'));
    }
    expect(outcome).toBe('503 OVERLOADED');
    await becomes(503);
    expect((await caller.get('/health/live')).status).toBe(200);
    server.kill('SIGUSR2');
    await becomes(200);
    expect(told(await caller.get('/lab/slow'))).toBe('200');
    expect(linesOf(server, 'memory_short')).toHaveLength(1);
    report('heap filled to its limit: refused before its end, well again by itself');
    server.kill('SIGKILL');
  });
});

describe('an error that nobody catches', () => {
  it.each([
    ['throw', 'uncaughtException'],
    ['reject', 'unhandledRejection'],
  ])(
    'is told in one line without what it says; requests are answered and the process ends with 1 (%s)',
    async (path, origin) => {
      const server = await installation.start(env);
      const caller = new HttpCaller(server.url);
      const slow = Array.from({ length: 10 }, () => caller.get('/lab/slow'));
      const failed = caller.get(`/lab/${path}`);
      expect((await Promise.all(slow)).map(told)).toEqual(slow.map(() => '200'));
      expect(told(await failed)).toBe('503 SERVICE_UNAVAILABLE');
      const { code, stdout, stderr } = await server.ended;
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(linesOf({ stdout }, 'process_failed')).toMatchObject([
        { level: 'fatal', origin, type: 'TypeError', stack: expect.stringContaining('lab.controller') },
      ]);
      expect(stdout).not.toContain(PERSON);
      report(`${origin}: 11 requests under way, 11 answered`);
    },
  );
});
