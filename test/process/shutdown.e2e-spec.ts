import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

const GET = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
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
  expect(Date.now() - told).toBeLessThan(5_000);
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

it('waits for a handler no longer than SHUTDOWN_GRACE_MS', async () => {
  const server = await start({ SHUTDOWN_GRACE_MS: '700' });
  const ada = await new HttpCaller(server.url).signIn();
  mongod.freeze();
  const answer = ada.get('/api/v1/projects').catch(() => 'cut off');
  await sleep(200);
  server.kill('SIGTERM');
  expect(await answer).toBe('cut off');
  expect(await server.ended).toMatchObject({ code: 1 });
  mongod.thaw();
});
