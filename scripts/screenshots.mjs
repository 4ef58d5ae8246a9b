/**
 * `node scripts/screenshots.mjs`, after `npm run build`: makes the pictures of the documentation again.
 * The server runs on a database of its own, which is thrown away.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/platform/config/config.js';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { SystemSamples } from '../dist/modules/console/system-samples.js';
import { openBrowser } from '../test/browser/browser.ts';
import { requireNode } from './node-version.mjs';

requireNode();

/** Takes a picture of a page into the documentation, without loss and a third as large as a PNG. */
async function photograph(page, name) {
  const png = await page.screenshot({ animations: 'disabled' });
  await sharp(png).webp({ lossless: true, effort: 6 }).toFile(`docs/images/${name}.webp`);
}

/** Swagger UI with an operation open, ready to be tried out: 1200 × 800 pixels. */
async function photographSwaggerUi(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 }, deviceScaleFactor: 0.8 });
  await page.goto(`${url}/docs`);
  await page.locator('.opblock-tag[data-tag="auth"]').click();
  const operation = page.locator('.opblock[id$="-createProject"]');
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.btn.execute').waitFor();
  await page.evaluate('document.activeElement.blur()');
  await page.mouse.move(0, 0);
  await photograph(page, 'swagger-ui');
}

const ADA = { email: 'ada@example.com', password: 'correct horse battery' };
const NAMES = [
  'Quarterly figures',
  'Onboarding',
  'Invoice reminders',
  'Website relaunch',
  'Customer interviews',
  'Billing migration',
  'Data warehouse',
  'Partner portal',
  'Support handbook',
];
const DESCRIPTIONS = [
  'Numbers for every region, checked and combined by the tenth.',
  'The first week of new colleagues.',
  'Friendly first, firm later. Stops once the money is there.',
  'New pages for products and prices, with the team of Grace.',
  null,
];

/** Sends requests to the API, and answers their data. */
const sender = (url) => async (method, path, body, token) => {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()).data;
};

/** An administrator with projects, and other users. */
async function prepare(send) {
  const { accessToken, user } = await send('POST', 'auth/login', ADA);
  await send('PATCH', `users/${user.id}`, { name: 'Ada Lovelace' }, accessToken);
  let last;
  for (let n = 0; n < 60; n++) {
    const project = {
      name: NAMES[n - 51] ?? `Launch ${n + 200}`,
      description: DESCRIPTIONS[n % DESCRIPTIONS.length],
      metadata: { team: 'Growth', budget: { amount: 12_000 + n, currency: 'EUR' }, tags: ['web', 'q4'] },
    };
    last = await send('POST', 'projects', project, accessToken);
  }
  for (const name of ['Grace Hopper', 'Katherine Johnson', 'Barbara Liskov', 'Radia Perlman']) {
    const [first] = name.toLowerCase().split(' ');
    const role = first === 'grace' ? 'moderator' : 'user';
    await send(
      'POST',
      'users',
      { email: `${first}@example.com`, name, role, password: ADA.password },
      accessToken,
    );
  }
  return last;
}

/** Asks the server now more, now less. */
async function browse(url, n) {
  const requests = 40 + Math.round(30 * Math.sin(n / 4)) + ((n * 7) % 11);
  await Promise.all(
    Array.from({ length: requests }, () => fetch(`${url}/health`).then((answer) => answer.text())),
  );
}

/** The pages that say most about the console, each in one look. */
async function photographConsole(browser, url, samples) {
  const send = sender(url);
  const project = await prepare(send);
  const take = async (name, { path, width = 1440, height = 900, colorScheme = 'light', act }) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${url}/login#to=${path}`);
    for (const [field, value] of Object.entries(ADA)) await page.getByTestId(field).fill(value);
    await page.getByTestId('login-button').click();
    await page.locator('[data-main] h1:visible').waitFor();
    await act?.(page);
    await page.evaluate('document.activeElement.blur()');
    await photograph(page, `console-${name}`);
    await context.close();
  };
  await take('records', { path: 'console/projects' });
  await take('record', { path: `console/projects/${project.id}`, colorScheme: 'dark' });
  const change = async (page) => {
    const { accessToken } = await send('POST', 'auth/login', ADA);
    const theirs = {
      name: 'Support handbook 2027',
      description: 'For new colleagues, and for those of our partners.',
    };
    await send('PATCH', `projects/${project.id}`, theirs, accessToken);
    await page.getByLabel('Name').fill('Handbook of support');
    await page.getByTestId('save-button').click();
    await page.getByText('Changed elsewhere to').waitFor();
  };
  await take('conflict', { path: `console/projects/${project.id}`, act: change });
  await take('users', { path: 'console/users' });
  await take('phone', { path: 'console/projects', width: 360, height: 740 });
  // As if the console had been looked at for a while.
  for (let n = 0; n < 40; n++) {
    await browse(url, n);
    await pause(250);
    await samples.take();
  }
  await take('system', { path: 'console/status', colorScheme: 'dark' });
}

const dataDir = await mkdtemp(join(tmpdir(), 'product-screenshots-'));
const database = await startEmbeddedMongo({ dataDir, env: process.env, log: process.stderr });
const app = await createApp(
  parseConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    MONGODB_URI: database.uri,
    DATA_DIR: dataDir,
    ADMIN_EMAIL: ADA.email,
    ADMIN_PASSWORD: ADA.password,
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  }),
);
await app.listen(0, '127.0.0.1');
const browser = await openBrowser();
const url = await app.getUrl();
await photographSwaggerUi(browser, url);
await photographConsole(browser, url, app.get(SystemSamples, { strict: false }));
await browser.close();
await app.close();
await database.stop();
await rm(dataDir, { recursive: true });
