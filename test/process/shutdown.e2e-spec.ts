import { randomBytes } from 'node:crypto';
import { Agent, request as ask } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { atMost, report, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { addToBuild } from './lab-feature.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

const GET = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
const LAB = `
import { Module } from '@nestjs/common';

@Module({})
export class LabModule {
  beforeApplicationShutdown(signal) { console.log('ending by ' + signal); }
  onApplicationShutdown(signal) { console.log('ended by ' + signal); }
}
`;
let installation: Installation;
let mongod: OwnMongod;

beforeAll(async () => {
  [installation, mongod] = await Promise.all([Installation.create(), startOwnMongod()]);
});
afterAll(async () => {
  await installation.remove();
  await mongod.remove();
});

const start = (env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> =>
  installation.start({ MONGODB_URI: mongod.uri, DATA_DIR: `${installation.folder}/data`, ...env });

async function open({ url }: ServerProcess, bytes = ''): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(bytes);
  return socket;
}
const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve));

it('is not held up by connections on which nothing is asked', async () => {
  const server = await start();
  const used = await open(server, GET);
  await new Promise((resolve) => used.once('data', resolve));
  const sockets = [
    used,
    await open(server),
    await open(server, 'GET /hea'),
    await open(server, GET.slice(0, -2)),
  ];
  await sleep(200);
  const told = Date.now();
  server.kill('SIGTERM');
  await Promise.all(sockets.map(closed));
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  // The grace is ten seconds.
  expect(Date.now() - told).toBeLessThan(atMost(5_000));
});

it('is not held up by who connects meanwhile, and answers what was asked before', async () => {
  const server = await start();
  const ada = await new HttpCaller(server.url).signIn();
  const request = await ada.beginPost('/api/v1/projects', { name: 'In flight' });
  await sleep(200);
  server.kill('SIGTERM');
  await sleep(300);
  await expect(fetch(server.url)).rejects.toThrow();
  const answer = await request.finish();
  expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  expect(answer).toMatch(/^connection: close$/im);
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
});

it('answers a body that never comes, in time to end well', async () => {
  const server = await start({ SHUTDOWN_GRACE_MS: '1500' });
  const ada = await new HttpCaller(server.url).signIn();
  const { socket } = await ada.beginPost('/api/v1/projects', { name: 'Never finished' });
  await sleep(200);
  server.kill('SIGTERM');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 .*"REQUEST_TIMEOUT"/s);
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
});

it('tells the hooks of modules which signal it was', async () => {
  await addToBuild(installation.folder, { 'lab.module': LAB });
  const server = await start();
  server.kill('SIGTERM');
  const { stdout } = await server.ended;
  expect(stdout).toContain('ending by SIGTERM\n');
  expect(stdout).toContain('ended by SIGTERM\n');
});

it('waits for a handler no longer than SHUTDOWN_GRACE_MS', async () => {
  const server = await start({ SHUTDOWN_GRACE_MS: '700' });
  const ada = await new HttpCaller(server.url).signIn();
  await mongod.freeze();
  const answer = ada.get('/api/v1/projects').catch(() => 'cut off');
  await sleep(200);
  server.kill('SIGTERM');
  expect(await answer).toBe('cut off');
  expect(await server.ended).toMatchObject({ code: 1 });
  mongod.thaw();
});

/** A process as a load balancer knows it. */
interface Target {
  readonly server: ServerProcess;
  isReady: boolean;
  /** Nothing new is to be sent to it. */
  isWithdrawn: boolean;
}

/**
 * What stands in front of the processes: it asks each whether it is ready, and opens new connections to those that
 * are. Clients keep theirs until they are told that an answer is the last one.
 */
class Balancer {
  private readonly targets: Target[] = [];
  private readonly end = new AbortController();

  add(server: ServerProcess): Target {
    const target = { server, isReady: true, isWithdrawn: false };
    this.targets.push(target);
    void this.probe(target);
    return target;
  }

  /** For the next connection. */
  get port(): number {
    const ready = this.targets.filter(({ isReady, isWithdrawn }) => isReady && !isWithdrawn);
    const target = ready[Math.floor(Math.random() * ready.length)];
    return Number(new URL(target?.server.url ?? '').port);
  }

  stop(): void {
    this.end.abort();
  }

  private async probe(target: Target): Promise<void> {
    while (!this.end.signal.aborted) {
      await sleep(200);
      target.isReady = await fetch(`${target.server.url}/health/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    }
  }
}

/** Sends requests over one connection after the other, each as long as it is kept open. Answers what went wrong. */
async function sendAlways(
  balancer: Balancer,
  headers: Readonly<Record<string, string>>,
  end: AbortSignal,
  count: () => void,
): Promise<string[]> {
  const failures: string[] = [];
  let agent: Agent | undefined;
  let port = 0;
  while (!end.aborted) {
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
      port = balancer.port;
    }
    const answer = await new Promise<string>((resolve) => {
      const sent = ask({ agent, port, host: '127.0.0.1', path: '/api/v1/projects', headers }, (response) => {
        const { statusCode, headers: told } = response;
        const failed = (body: string) => `failed: ${statusCode} ${/"code":"(\w+)"/.exec(body)?.[1]}`;
        const outcome = text(response).then((body) =>
          statusCode === 200 ? (told.connection ?? '') : failed(body),
        );
        outcome.then(resolve, (error: Error) => resolve(`failed: ${error.message}`));
      });
      sent.once('error', (error) => resolve(`failed: ${error.message}`)).end();
    });
    count();
    if (answer.startsWith('failed')) failures.push(answer);
    if (answer !== 'keep-alive') {
      agent.destroy();
      agent = undefined;
    }
    await sleep(100);
  }
  agent?.destroy();
  return failures;
}

it('loses no request of 50 clients while another process takes over, whether or not it is told before', async () => {
  const env = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    SHUTDOWN_GRACE_MS: '3000',
  };
  await installation.migrate({ MONGODB_URI: mongod.uri, ...env });
  const balancer = new Balancer();
  let target = balancer.add(await start(env));
  const headers = (await new HttpCaller(target.server.url).signIn()).headers;
  const end = new AbortController();
  let requests = 0;
  const clients = Array.from({ length: 50 }, () =>
    sendAlways(balancer, headers, end.signal, () => void requests++),
  );
  const rounds = soaked(20, 1);
  const exits: (number | null)[] = [];
  for (let round = 0; round < rounds; round++) {
    const next = balancer.add(await start(env));
    // As a preStop hook does, after which nothing new comes.
    if (round % 2 === 1) {
      target.isWithdrawn = true;
      await sleep(500);
    }
    target.server.kill('SIGTERM');
    exits.push((await target.server.ended).code);
    target = next;
  }
  end.abort();
  const failures = (await Promise.all(clients)).flat();
  balancer.stop();
  // A machine that is busy with other things refuses what it cannot answer in time, which is no loss.
  const lost = failures.filter((failure) => failure !== 'failed: 503 OVERLOADED');
  expect({ lost, exits: new Set(exits) }).toEqual({ lost: [], exits: new Set([0]) });
  const busy = failures.length - lost.length;
  report(
    `${rounds} processes taken over from, ${requests} requests of 50 clients, ${lost.length} lost, ${busy} OVERLOADED`,
  );
}, 900_000);
