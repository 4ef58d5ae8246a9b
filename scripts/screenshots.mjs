/**
 * `node scripts/screenshots.mjs`, after `npm run build`: makes the pictures of the documentation again.
 * The server runs on a database of its own, which is thrown away.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../dist/app.js';
import { Config, parseConfig } from '../dist/platform/config/config.js';
import { startEmbeddedMongo } from '../dist/platform/embedded-mongo/embedded-mongo.js';
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

const dataDir = await mkdtemp(join(tmpdir(), 'flowversal-screenshots-'));
const database = await startEmbeddedMongo({ dataDir, env: process.env, log: process.stderr });
const app = await createApp(
  new Config(
    parseConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      MONGODB_URI: database.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    }),
  ),
);
await app.listen(0, '127.0.0.1');
const browser = await openBrowser();
await photographSwaggerUi(browser, await app.getUrl(), 'docs/images/swagger-ui.png');
await browser.close();
await app.close();
await database.stop();
await rm(dataDir, { recursive: true });
