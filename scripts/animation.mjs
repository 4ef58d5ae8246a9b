/**
 * `node scripts/animation.mjs`: makes docs/images/feature.webp again, which shows the way from the command that adds a
 * feature to its records in the browser. The feature is written in a clone of what is committed, and thrown away.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { openBrowser } from '../test/browser/browser.ts';
import { requireNode } from './node-version.mjs';

requireNode();

const run = promisify(execFile);
const FILE = 'docs/images/feature.webp';
const SIZE = { width: 1100, height: 660 };
const COMMAND = 'npm run feature -- tickets title:string:required dueAt:date priority:enum:low,high';
const ADA = { email: 'ada@example.com', password: 'correct horse battery' };

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts the server of a folder, and resolves once it is ready. */
async function startServer(folder, port) {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(port),
    DATA_DIR: join(folder, '.animation'),
    ADMIN_EMAIL: ADA.email,
    ADMIN_PASSWORD: ADA.password,
  };
  const server = spawn(process.execPath, ['dist/main.js'], { cwd: folder, env, stdio: 'ignore' });
  for (let tries = 0; tries < 150; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.ok) return server;
    await sleep(200);
  }
  throw new Error('The server did not become ready');
}

/** The pictures in their order, each with how long it stays, in milliseconds. */
class Film {
  frames = [];
  delays = [];

  constructor(page) {
    this.page = page;
  }

  async take(ms) {
    this.frames.push(await this.page.screenshot({ animations: 'disabled' }));
    this.delays.push(ms);
  }

  /** @returns its size in bytes */
  async write(file) {
    const film = sharp(this.frames, { join: { animated: true } });
    const { size } = await film.webp({ lossless: true, effort: 6, loop: 0, delay: this.delays }).toFile(file);
    return size;
  }
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A terminal with what was typed and printed so far. */
const terminal = (text, isTyping) => `<!doctype html><style>
body { margin: 0; background: #12121a; color: #d7d7e0; font: 17px/1.65 monospace; }
pre { margin: 0; padding: 34px 40px; white-space: pre-wrap; font: inherit; }
b { color: #a5a0ff; } i { background: #d7d7e0; font-style: normal; }
</style><pre><b>$</b> ${escaped(text)}${isTyping ? '<i> </i>' : ''}</pre>`;

async function showTerminal(film, lines) {
  for (const length of [4, 16, 34, 60, COMMAND.length]) {
    await film.page.setContent(terminal(COMMAND.slice(0, length), true));
    await film.take(length === COMMAND.length ? 700 : 220);
  }
  const shown = lines.slice(0, 14);
  for (const count of [4, 9, shown.length]) {
    await film.page.setContent(terminal([COMMAND, ...shown.slice(0, count)].join('\n'), false));
    await film.take(count === shown.length ? 1_800 : 250);
  }
}

async function showConsole(film, url) {
  const { page } = film;
  await page.goto(`${url}/login`);
  for (const [field, value] of Object.entries(ADA)) await page.getByTestId(field).fill(value);
  await page.getByTestId('login-button').click();
  await page.getByRole('link', { name: 'Tickets' }).first().waitFor();
  await film.take(1_200);
  await page.getByRole('link', { name: 'Tickets' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Tickets' }).waitFor();
  await film.take(1_200);
  await page.goto(`${url}/console/tickets/new`);
  await page.getByLabel('Title').waitFor();
  await film.take(700);
  await page.getByLabel('Title').fill('The invoice shows the wrong currency');
  await film.take(700);
  await page.getByLabel('Due at').fill('2030-01-31T09:30');
  await page.getByLabel('Priority').selectOption('High');
  await film.take(1_000);
  await page.getByTestId('save-button').click();
  await page.getByRole('heading', { name: 'The invoice shows' }).waitFor();
  await film.take(1_200);
  await page.goto(`${url}/console/tickets`);
  await page.getByTestId('record-row').waitFor();
  await film.take(3_000);
}

const folder = await mkdtemp(join(tmpdir(), 'product-animation-'));
try {
  await run('git', ['clone', '--quiet', process.cwd(), folder]);
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  process.stderr.write(`${COMMAND}\n`);
  const [, args] = COMMAND.split(' -- ');
  const words = ['scripts/schematic.mjs', 'feature', ...args.split(' ')];
  const { stdout } = await run(process.execPath, words, { cwd: folder });
  await run(process.execPath, ['scripts/build.mjs', '--unchecked'], { cwd: folder });
  const port = await freePort();
  const server = await startServer(folder, port);
  const browser = await openBrowser();
  const page = await browser.newPage({ viewport: SIZE });
  const film = new Film(page);
  await showTerminal(film, stdout.trim().split('\n'));
  await showConsole(film, `http://127.0.0.1:${port}`);
  const bytes = await film.write(FILE);
  process.stderr.write(`${FILE}: ${film.frames.length} pictures, ${Math.round(bytes / 1024)} KiB\n`);
  await browser.close();
  server.kill('SIGTERM');
  await once(server, 'exit');
} finally {
  await rm(folder, { recursive: true, force: true });
}
