import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { register } from '../support/users.js';
import { openBrowser, openPage } from './browser.js';
import { fillIn } from './console.js';

jest.setTimeout(120_000);

/** A proxy that serves the product below /backend, and cuts that from addresses or leaves it there. */
function startProxy(cuts: boolean, portOf: () => number): Promise<Server> {
  const proxy = createServer((request, response) => {
    const { url = '/', method, headers } = request;
    if (!url.startsWith('/backend')) return response.writeHead(404).end();
    const path = cuts ? url.slice('/backend'.length) || '/' : url;
    const target = { host: '127.0.0.1', port: portOf(), path, method, headers };
    request.pipe(
      forward(target, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(proxy)));
}

describe.each([
  ['cuts the path', true, false],
  ['leaves the path', false, true],
  ['cuts the path of PUBLIC_URL', true, true],
])('behind a proxy that %s', (_, cuts, isTold) => {
  let proxy: Server;
  let test: TestApp;
  let browser: Browser;
  let origin: string;
  let port = 0;

  beforeAll(async () => {
    proxy = await startProxy(cuts, () => port);
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    test = await createTestApp(isTold ? { PUBLIC_URL: `${origin}/backend` } : {});
    await test.app.listen(0, '127.0.0.1');
    ({ port } = test.app.getHttpServer().address() as AddressInfo);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await test?.close();
    proxy?.close();
  });

  async function open(path: string): Promise<{ page: Page; faults: readonly string[] }> {
    const opened = await openPage(browser, origin);
    await opened.page.goto(`${origin}/backend${path}`);
    return opened;
  }

  it('shows the pages, and with PUBLIC_URL keeps the session', async () => {
    const credentials = await register(test.anonymous);
    const { page, faults } = await open('/');
    await page.waitForURL(`${origin}/backend/login`);
    // The path of the cookie cannot be relative, so that signing in by the pages needs PUBLIC_URL.
    if (!isTold) return expect(faults).toEqual([]);
    await fillIn(page, credentials);
    await page.getByTestId('login-button').click();
    await page.waitForURL(`${origin}/backend/dashboard`);
    await page.getByTestId('dashboard').waitFor();
    await page.reload();
    await page.getByTestId('dashboard').waitFor();
    const [cookie] = await page.context().cookies(`${origin}/backend/console/session`);
    expect(cookie?.path).toBe('/backend/console/session');
    expect(faults).toEqual([]);
  });

  it('shows the documentation, from which requests can be sent', async () => {
    const { page, faults } = await open('/docs/');
    await page.waitForURL(`${origin}/backend/docs`);
    const block = page.locator('.opblock[id$="-getLiveness"]');
    await block.locator('.opblock-summary-control').click();
    await block.locator('.btn.execute').click();
    const status = block.locator('.live-responses-table .response .response-col_status');
    expect((await status.first().innerText()).trim()).toBe('200');
    expect(faults).toEqual([]);
  });

  it('names addresses as people reach them', async () => {
    const answer = await fetch(`${origin}/backend/docs/json`);
    const { servers } = (await answer.json()) as { servers: unknown };
    expect(servers).toMatchObject([{ url: isTold ? `${origin}/backend` : '/' }]);
    expect((await fetch(`${origin}/backend/api/v1/nothing`)).status).toBe(404);
    expect((await fetch(`${origin}/backend/health`)).status).toBe(200);
  });
});
