/**
 * `node scripts/screenshots.mjs`, after `npm run build`: makes the pictures of the documentation again.
 * The server runs on a database of its own, which is thrown away.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/platform/config/config.js';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { openBrowser } from '../test/browser/browser.ts';
import { requireNode } from './node-version.mjs';

requireNode();

/** Swagger UI with an operation open, ready to be tried out: 1200 × 800 pixels. */
async function photographSwaggerUi(browser, url, file) {
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 }, deviceScaleFactor: 0.8 });
  await page.goto(`${url}/docs`);
  await page.locator('.opblock-tag[data-tag="auth"]').click();
  const operation = page.locator('.opblock[id$="-createProject"]');
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.btn.execute').waitFor();
  await page.evaluate('document.activeElement.blur()');
  await page.mouse.move(0, 0);
  await page.screenshot({ path: file, animations: 'disabled' });
}

const ADA = { email: 'ada@example.com', password: 'correct horse battery' };

const PROJECTS = [
  {
    name: 'Quarterly figures',
    description: 'Numbers of every region, checked and put together by the tenth.',
  },
  { name: 'Onboarding', description: 'The first week of new colleagues.' },
  { name: 'Invoice reminders', description: 'Friendly first, firm later. Stops once the money is there.' },
  { name: 'Website relaunch', description: 'New pages for products and prices, with the team of Grace.' },
];

/** A user with projects, and a session on her phone. */
async function prepareUser(url) {
  const send = async (path, body, headers = {}) => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1',
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return (await response.json()).data;
  };
  await send('auth/register', { ...ADA, name: 'Ada Lovelace' });
  const { accessToken } = await send('auth/login', ADA);
  for (const project of PROJECTS) await send('projects', project, { authorization: `Bearer ${accessToken}` });
}

/** The sign-in on a small dark screen, the dashboard on a large light one. */
async function photographConsole(browser, url) {
  await prepareUser(url);
  const open = async (width, height, colorScheme) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    return context.newPage();
  };
  const phone = await open(360, 740, 'dark');
  await phone.goto(`${url}/login`);
  await phone.screenshot({ path: 'docs/images/console-login.png', animations: 'disabled' });
  const desk = await open(1440, 900, 'light');
  await desk.goto(`${url}/login`);
  for (const [name, value] of Object.entries(ADA)) await desk.getByTestId(name).fill(value);
  await desk.getByTestId('login-button').click();
  await desk.getByTestId('dashboard').waitFor();
  await desk.screenshot({ path: 'docs/images/console-dashboard.png', animations: 'disabled' });
}

const dataDir = await mkdtemp(join(tmpdir(), 'product-screenshots-'));
const database = await startEmbeddedMongo({ dataDir, env: process.env, log: process.stderr });
const app = await createApp(
  parseConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    MONGODB_URI: database.uri,
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  }),
);
await app.listen(0, '127.0.0.1');
const browser = await openBrowser();
const url = await app.getUrl();
await photographSwaggerUi(browser, url, 'docs/images/swagger-ui.png');
await photographConsole(browser, url);
await browser.close();
await app.close();
await database.stop();
await rm(dataDir, { recursive: true });
