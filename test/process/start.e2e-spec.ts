import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { commandsNaming, isAlive } from '../../src/embedded-mongo/fixtures/processes.js';
import { HttpCaller } from './http-caller.js';
import { Installation, type ServerProcess, gone, mongodOf } from './server-process.js';
import { atMost } from '../support/soak.js';

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

/** Commands of mongod and of its watchdog that the test has left behind. */
const remains = () => commandsNaming(dataDir);

describe('npm start', () => {
  it('prints where API, Swagger UI and health are, and they are there', async () => {
    const server = await installation.start({ DATA_DIR: dataDir });
    const printed = Object.fromEntries(
      [...server.stdout.matchAll(/^ {2}(API|Swagger UI|Health) +(http\S+)$/gm)].map(([, name, url]) => [
        name,
        url,
      ]),
    );
    expect(printed).toEqual({
      API: `${server.url}/api/v1`,
      'Swagger UI': `${server.url}/docs`,
      Health: `${server.url}/health`,
    });
    expect((await fetch(`${printed['API']}/projects`)).status).toBe(401);
    expect((await fetch(printed['Swagger UI'] ?? '')).status).toBe(200);
    expect((await fetch(printed['Health'] ?? '')).status).toBe(200);
    expect(server.stderr).toBe('');
    server.kill('SIGKILL');
  });

  it('loads each package that the code shares once, from the bundle', async () => {
    const loads = `
      import { createRequire } from 'node:module';
      import { Schema } from 'mongoose';
      await import('./app.module.js');
      const isBundled = (name) => import.meta.resolve(name).includes('/dist/node_modules/');
      const apart = createRequire('${join(process.cwd(), 'package.json')}')('mongoose');
      console.log(JSON.stringify([isBundled('@nestjs/core'), isBundled('mongoose'), Schema === apart.Schema]));`;
    const file = join(installation.folder, 'dist/loads.mjs');
    await writeFile(file, loads);
    const { stdout } = await installation.spawn([process.execPath, file], {}).ended;
    expect(JSON.parse(stdout)).toEqual([true, true, false]);
  });

  it('starts and stops in a folder whose name has spaces, quotes and letters of other languages', async () => {
    const elsewhere = await Installation.create(undefined, "Jörg Müller's 資料 & more ");
    const server = await elsewhere.start({});
    const ada = await new HttpCaller(server.url).signIn();
    expect((await ada.post('/api/v1/projects', { name: 'One' })).status).toBe(201);
    const mongod = await mongodOf(join(elsewhere.folder, '.data'));
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(isAlive(mongod)).toBe(false);
    await elsewhere.remove();
  });

  it('has at the second start what was written at the first, and its users stay signed in', async () => {
    const first = await installation.start({ DATA_DIR: dataDir });
    const ada = await new HttpCaller(first.url).signIn();
    const { body: created } = await ada.post('/api/v1/projects', { name: 'One' });
    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });

    const second = await installation.start({ DATA_DIR: dataDir });
    const { body: read } = await ada.at(second.url).get(`/api/v1/projects/${created.data.id}`);
    expect(read).toEqual(created);
    second.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
    expect(remains()).toEqual([]);
  });

  it('ends with code 0 on Ctrl-C and leaves no process behind', async () => {
    const server = await installation.start({ DATA_DIR: dataDir });
    const mongod = await mongodOf(dataDir);
    expect(commandsNaming(`mongod-watchdog ${mongod}`)).toHaveLength(1);
    // An open connection that nobody uses must not delay the end.
    await new HttpCaller(server.url).get('/health');
    const pressed = Date.now();
    server.pressCtrlC();
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(Date.now() - pressed).toBeLessThan(atMost(3_000));
    expect(remains()).toEqual([]);
    expect(commandsNaming(`mongod-watchdog ${mongod}`)).toEqual([]);
  });

  it.each([
    ['Ctrl-C', (npm: ServerProcess) => npm.pressCtrlC()],
    ['SIGTERM', (npm: ServerProcess) => npm.kill('SIGTERM')],
    ['SIGTERM together with all it started', (npm: ServerProcess) => npm.killGroup('SIGTERM')],
  ])('finishes the request in flight and leaves no process behind when npm gets %s', async (_, tell) => {
    const npm = installation.spawn(['npm', 'start'], { DATA_DIR: dataDir });
    await npm.listening();
    const mongod = await mongodOf(dataDir);
    const ada = await new HttpCaller(npm.url).signIn();
    const request = await ada.beginPost('/api/v1/projects', { name: 'In flight' });
    await sleep(200);
    tell(npm);
    await sleep(700);
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 201 /);
    await npm.ended;
    expect(await gone(mongod)).toBeLessThan(atMost(5_000));
    await expect(fetch(npm.url)).rejects.toThrow();
  });
});

describe('a server that is told to end', () => {
  it('finishes the request in flight and takes no new ones', async () => {
    const server = await installation.start({ DATA_DIR: dataDir });
    const ada = await new HttpCaller(server.url).signIn();
    const request = await ada.beginPost('/api/v1/projects', { name: 'In flight' });
    await sleep(200);
    server.kill('SIGTERM');
    await sleep(300);
    await expect(fetch(server.url)).rejects.toThrow();
    expect(isAlive(await mongodOf(dataDir))).toBe(true);
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 201 .*"name":"In flight"/s);
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(remains()).toEqual([]);
  });

  it('ends at once when Ctrl-C is pressed again', async () => {
    const server = await installation.start({ DATA_DIR: dataDir });
    const mongod = await mongodOf(dataDir);
    const ada = await new HttpCaller(server.url).signIn();
    const { socket } = await ada.beginPost('/api/v1/projects', { name: 'Never finished' });
    await sleep(200);
    server.pressCtrlC();
    await sleep(300);
    const again = Date.now();
    server.pressCtrlC();
    expect(await server.ended).toMatchObject({ code: 1 });
    expect(Date.now() - again).toBeLessThan(atMost(500));
    socket.destroy();
    expect(await gone(mongod)).toBeLessThan(atMost(5_000));
  });

  it('ends while it still waits for the database', async () => {
    const server = installation.spawn([process.execPath, 'dist/main.js'], {
      MONGODB_URI: 'mongodb://127.0.0.1:1/nowhere?directConnection=true',
      DATA_DIR: dataDir,
    });
    await server.says('"event":"database_waiting"');
    const told = Date.now();
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(Date.now() - told).toBeLessThan(atMost(2_000));
  });
});

describe('a server that is killed', () => {
  it('leaves no mongod behind and loses no write that it acknowledged', async () => {
    const first = await installation.start({ DATA_DIR: dataDir });
    const mongod = await mongodOf(dataDir);
    const ada = await new HttpCaller(first.url).signIn();
    const acknowledged: string[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let number = 0; ; number++) {
        const name = `${writer}-${number}`;
        const { status } = await ada.post('/api/v1/projects', { name });
        if (status === 201) acknowledged.push(name);
      }
    };
    const writers = [1, 2, 3, 4].map((writer) => write(writer).catch(() => undefined));
    while (acknowledged.length < 150) await sleep(5);
    first.kill('SIGKILL');
    await Promise.all(writers);
    expect(await gone(mongod)).toBeLessThan(atMost(5_000));

    const second = await installation.start({ DATA_DIR: dataDir });
    const found = new Set<string>();
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next && `&cursor=${next}`;
      const { body } = await ada.at(second.url).get(`/api/v1/projects?limit=100${cursor}`);
      for (const { name } of body.data as { name: string }[]) found.add(name);
      next = body.pagination.nextCursor as string | null;
    }
    expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
    second.kill('SIGTERM');
    await second.ended;
  });
});
