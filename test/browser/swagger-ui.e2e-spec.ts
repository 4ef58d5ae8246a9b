import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { sampled } from '../support/soak.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { openBrowser, openPage, type WatchedPage } from './browser.js';
import { PRODUCT } from '../../src/product/product.js';

const EMAIL = 'grace@example.com';
const PASSWORD = 'correct horse battery';
/** How long Swagger UI may take to draw everything at once, on a busy machine. */
const DRAWN_MS = 150_000;

// A second or two each, alone; the machine may have other things to do.
jest.setTimeout(120_000);

/** An operation on the page, as people find it. */
function operation(page: Page, operationId: string): Locator {
  return page.locator(`.opblock[id$="-${operationId}"]`);
}

async function expand(page: Page, operationId: string): Promise<Locator> {
  const block = operation(page, operationId);
  await block.locator('.opblock-summary-control').click();
  await block.locator('.responses-wrapper').waitFor();
  return block;
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.auth-wrapper .btn.authorize').click();
  await page.locator('.auth-container input').fill(token);
  await page.locator('.auth-btn-wrapper .authorize').click();
  await page.locator('.auth-btn-wrapper .btn-done').click();
}

/** Sends the request as the page offers it and returns the answer that it shows. */
async function execute(block: Locator): Promise<{ status: string; body: unknown }> {
  await block.locator('.btn.execute').click();
  const answer = block.locator('.live-responses-table .response');
  const status = await answer.locator('.response-col_status').innerText();
  const body = await answer.locator('.highlight-code code').first().innerText();
  return { status: status.trim(), body: JSON.parse(body) as unknown };
}

describe('Swagger UI', () => {
  let test: TestApp;
  let browser: Browser;
  let origin: string;
  let token: string;
  let watched: WatchedPage;

  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    origin = new URL(await test.app.getUrl()).origin;
    await test.anonymous.post('/api/v1/auth/register', { email: EMAIL, password: PASSWORD });
    const { body } = await test.anonymous.post('/api/v1/auth/login', { email: EMAIL, password: PASSWORD });
    token = body.data.accessToken as string;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await test?.close();
  });

  beforeEach(async () => {
    watched = await openPage(browser, origin);
    await watched.page.goto(`${origin}/docs`);
    await watched.page.locator('.opblock').first().waitFor();
  });
  afterEach(() => watched.page.close());

  it('renders under the strict policy: nothing refused, failed, or loaded from elsewhere', async () => {
    const { headers } = await test.anonymous.get('/docs');
    expect(headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self';",
    );
    expect(headers['content-security-policy']).not.toContain('unsafe');
    await watched.page.waitForLoadState('networkidle');
    expect(await watched.page.title()).toBe(`${PRODUCT.name} API`);
    expect(watched.faults).toEqual([]);
  });

  it('lists every route under its heading', async () => {
    const { body } = await test.anonymous.get('/docs/json');
    const { paths } = body as { paths: Record<string, Record<string, { tags: string[] }>> };
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { tags }]) => `${tags.join()} ${method.toUpperCase()} ${path}`),
    );
    const shown = [];
    for (const section of await watched.page.locator('.opblock-tag-section').all()) {
      const tag = await section.locator('.opblock-tag').getAttribute('data-tag');
      for (const block of await section.locator('.opblock').all()) {
        const method = await block.locator('.opblock-summary-method').innerText();
        const path = await block.locator('.opblock-summary-path').getAttribute('data-path');
        shown.push(`${tag} ${method} ${path}`);
      }
    }
    expect(documented.length).toBeGreaterThan(10);
    expect(shown.toSorted()).toEqual(documented.toSorted());
  });

  it('begins with the sections of the API, each with a sentence, and ends with those of operators', async () => {
    const tags = watched.page.locator('.opblock-tag');
    const names = await tags.evaluateAll((all) => all.map((tag) => tag.getAttribute('data-tag')));
    expect(names.filter((name) => ['auth', 'projects', 'users'].includes(name ?? ''))).toEqual([
      'auth',
      'projects',
      'users',
    ]);
    expect(names.at(-1)).toBe('health');
    for (const about of await tags.locator('small').allInnerTexts()) expect(about).toMatch(/^[A-Z].*\.$/);
    expect(await tags.locator('small').count()).toBe(names.length);
  });

  it('creates a project with the body that it offers, and lists it', async () => {
    const { page, faults } = watched;
    await authorize(page, token);

    const created = await execute(await expand(page, 'createProject'));
    expect(created).toEqual({
      status: '201',
      body: { success: true, data: expect.objectContaining({ name: 'Website relaunch', version: 1 }) },
    });

    const listed = await execute(await expand(page, 'listProjects'));
    expect(listed).toEqual({
      status: '200',
      body: {
        success: true,
        data: [expect.objectContaining({ name: 'Website relaunch' })],
        pagination: expect.objectContaining({ limit: 20, hasMore: false }),
      },
    });
    expect(faults).toEqual([]);
  });

  it('shows the failure of a request without a token', async () => {
    const { status, body } = await execute(await expand(watched.page, 'getMe'));
    expect(status).toBe('401');
    expect(body).toMatchObject({ success: false, code: 'UNAUTHENTICATED' });
    expect(watched.faults).toContain(`answer: 401 ${origin}/api/v1/auth/me`);
  });

  it('shows the errors of an operation with their bodies', async () => {
    const block = await expand(watched.page, 'replaceProject');
    const statuses = await block
      .locator('.responses-table .response')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-code')));
    expect(statuses).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '409',
      '412',
      '413',
      '415',
      '429',
      '500',
      '503',
    ]);
    const conflict = block.locator('.response[data-code="409"]');
    expect(await conflict.locator('.response-col_description__inner').first().innerText()).toContain(
      'PROJECT_NAME_TAKEN',
    );
    await conflict.locator('.examples-select-element').selectOption('PROJECT_NAME_TAKEN');
    expect(JSON.parse(await conflict.locator('.highlight-code').innerText())).toMatchObject({
      success: false,
      code: 'PROJECT_NAME_TAKEN',
    });
    expect(watched.faults).toEqual([]);
  });

  it(
    'draws operations, their schemas and the models without a refusal: each of them in a soak',
    async () => {
      const { page, faults } = watched;
      // Swagger UI needs half a minute of one core for all of them.
      page.setDefaultTimeout(DRAWN_MS);
      // One after the other they would take a person's time: each click waits until the page stands still.
      const clickAll = (selector: string, chosen?: readonly number[]) =>
        page.locator(selector).evaluateAll((all, places) => {
          const drawn = places ? all.filter((_each, place) => places.includes(place)) : all;
          for (const element of drawn) (element as unknown as { click(): void }).click();
          return drawn.length;
        }, chosen);
      const all = await page.locator('.opblock-summary-control').count();
      const operations = await clickAll('.opblock-summary-control', sampled([...Array(all).keys()], 40));
      await page
        .locator('.responses-wrapper')
        .nth(operations - 1)
        .waitFor();
      expect(await clickAll('.opblock .tablinks[data-name="model"]')).toBeGreaterThan(operations);
      expect(await clickAll('.models h4 button')).toBe(1);
      await page.locator('.models .model-container').first().waitFor();
      expect(faults).toEqual([]);
    },
    DRAWN_MS,
  );

  it("takes the console's session by one click, and offers that to nobody who has none", async () => {
    const bar = watched.page.locator('#session-bar');
    expect(await bar.isVisible()).toBe(false);
    await watched.page.goto(`${origin}/login`);
    await watched.page.getByTestId('email').fill(EMAIL);
    await watched.page.getByTestId('password').fill(PASSWORD);
    await watched.page.getByTestId('login-button').click();
    await watched.page.getByTestId('dashboard').waitFor();
    await watched.page.goto(`${origin}/docs`);
    await bar.getByRole('button').click();
    await bar.getByText('Requests from this page are sent as you').waitFor();
    const { status, body } = await execute(await expand(watched.page, 'getMe'));
    expect([status, body]).toMatchObject(['200', { data: { email: EMAIL } }]);
    // The token is in the memory of the page and nowhere else.
    expect(await watched.page.evaluate('JSON.stringify({ ...localStorage })')).not.toContain('eyJ');
    expect(watched.faults).toEqual([]);
  });

  it('is dark where people want that, can be filtered, and signs in by an example without a code', async () => {
    const { page, faults } = watched;
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html.dark-mode').waitFor();
    await page.locator('.operation-filter-input').fill('auth');
    await page.locator('.opblock-tag[data-tag="projects"]').waitFor({ state: 'detached' });
    const block = await expand(page, 'login');
    expect(JSON.parse(await block.locator('.body-param__text').inputValue())).toEqual({
      email: expect.any(String),
      password: expect.any(String),
    });
    expect(faults).toEqual([]);
  });

  it('is watched: a refusal of the policy, another host and an error would be noticed', async () => {
    const { page, faults } = watched;
    const thrown = page.waitForEvent('pageerror');
    await page.evaluate(`{
      const style = document.createElement('style');
      style.textContent = 'body { color: red }';
      document.head.append(style);
      document.body.append(Object.assign(new Image(), { src: 'http://elsewhere.example/a.png' }));
      setTimeout(() => { throw new Error('thrown') }, 100);
    }`);
    await thrown;
    expect(faults).toEqual(
      expect.arrayContaining([
        'console: refused by style-src-elem: inline',
        'console: refused by img-src: http://elsewhere.example/a.png',
        'script: thrown',
      ]),
    );
  });
});
