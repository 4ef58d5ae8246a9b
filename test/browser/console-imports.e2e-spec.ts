import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { Imports } from '../../src/platform/imports/imports.js';
import { beforeContact, CONTACTS, CONTACTS_MODULE } from '../support/contacts.js';
import { addToApp } from '../support/nest-lab.js';
import { ConsoleTest, isWiderThanScreen, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

/** What browsers tell of an event stream at its end, whoever ended it. */
const STREAM_ENDED = /events (net::ERR|NS_BINDING)_ABORTED$/;

describe('imports in the console', () => {
  let product: ConsoleTest;
  let takeBack: () => void;
  let person: Person;

  beforeAll(async () => {
    takeBack = addToApp(CONTACTS_MODULE);
    product = await ConsoleTest.start();
  });
  afterAll(async () => {
    await product.close();
    takeBack();
  });

  beforeEach(async () => {
    person = await product.person();
  });
  afterEach(async () => {
    beforeContact.act = () => undefined;
    await person.close();
  });

  /** The dialog, with this file chosen. */
  async function openWith(page: Page, name: string, text: string): Promise<void> {
    await page.getByTestId('import-button').click();
    await choose(page, name, text);
  }
  const choose = (page: Page, name: string, text: string) =>
    page.getByTestId('import-file').setInputFiles({ name, mimeType: '', buffer: Buffer.from(text) });
  const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
  const start = (page: Page) => page.getByTestId('import-start').click();
  const stored = () => product.test.connection.collection('contacts').countDocuments({});

  async function expectGoodManners(page: Page): Promise<void> {
    for (const [width, colorScheme] of [
      [1200, 'light'],
      [360, 'dark'],
    ] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 740 });
      await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
      expect(await violationsOf(page)).toEqual([]);
      expect(await isWiderThanScreen(page)).toBe(false);
    }
    await page.setViewportSize({ width: 1200, height: 800 });
  }

  it('create a record from each row, and say of those refused in which line and why', async () => {
    const page = await person.signIn(await product.newUser(), '/console/contacts');
    await openWith(page, 'contacts.csv', 'id,code,age\n,a,7\n,b,x\n,a,\n,c\n,d,\n');
    await page.getByText('contacts.csv', { exact: true }).waitFor();
    await expectGoodManners(page);
    await start(page);
    await heading(page, 'Created 2 of 5 contacts');
    expect(await page.getByTestId('refused-row').allInnerTexts()).toEqual([
      expect.stringMatching(/^Line 3 · age\s+This must be an integer number\.$/),
      expect.stringMatching(/^Line 4\s+.*contact.*code.*\.$/),
      expect.stringMatching(/^Line 5\s+The row has 2 cells, and the table 3 columns\.$/),
    ]);
    await expectGoodManners(page);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'a', exact: true }).waitFor();
    expect(await page.getByTestId('record-row').count()).toBe(2);
    expect(person.faults(STREAM_ENDED)).toEqual([]);
  });

  it('say what is wrong with a file before anything is created', async () => {
    const page = await person.signIn(await product.newUser(), '/console/contacts');
    await page.getByTestId('import-button').click();
    await start(page);
    await page.getByText('Choose a file first.').waitFor();
    await choose(page, 'contacts.xlsx', 'PK');
    await page.getByText('Spreadsheets can be saved as CSV.').waitFor();
    await choose(page, 'contacts.csv', 'code,colour\na,red\n');
    await start(page);
    await page.getByText('“colour” is not a known field.').waitFor();
    expect(await page.evaluate('document.activeElement.type')).toBe('file');
    await expectGoodManners(page);
    await choose(page, 'contacts.csv', 'note\nhello\n');
    await start(page);
    await page.getByText('“code” is required: there is no such column.').waitFor();
    await choose(page, 'contacts.jsonl', '{"code":"one"}\n');
    await start(page);
    await heading(page, 'Created 1 contact');
    expect(person.faults(STREAM_ENDED, /answer: 400 .*\/contacts\/import/)).toEqual([]);
  });

  it('create nothing twice when an answer is lost', async () => {
    const page = await person.signIn(await product.newUser(), '/console/contacts');
    const before = await stored();
    const text = 'code\nx\ny\n';
    const lose = async (route: Route) => {
      // What intercepts a file in Chromium is not told what is in it.
      const headers = await route.request().allHeaders();
      delete headers['content-length'];
      expect((await fetch(route.request().url(), { method: 'POST', headers, body: text })).status).toBe(202);
      await route.abort();
    };
    await page.route('**/contacts/import?*', lose, { times: 1 });
    await openWith(page, 'contacts.csv', text);
    await start(page);
    await page.getByText('The server cannot be reached.').waitFor();
    await start(page);
    await heading(page, 'Created 2 contacts');
    expect(await stored()).toBe(before + 2);
  });

  it('go on when the dialog is closed, and stop when they are cancelled', async () => {
    const gate = Promise.withResolvers<void>();
    beforeContact.act = ({ code }) => (code === 'slow' ? gate.promise : undefined);
    const page = await person.signIn(await product.newUser(), '/console/contacts');
    await openWith(page, 'contacts.csv', 'code\nfast\nslow\n');
    await start(page);
    await heading(page, 'Importing contacts.csv');
    await page.getByText('You can close this').waitFor();
    await expectGoodManners(page);
    await page.keyboard.press('Escape');
    await page.getByText('The import goes on').waitFor();
    gate.resolve();
    await page.getByText('Created 2 contacts').waitFor();
    await page.getByRole('link', { name: 'slow' }).waitFor();

    const held = Promise.withResolvers<void>();
    beforeContact.act = ({ code }) => (code === 'held' ? held.promise : undefined);
    const rows = Array.from({ length: 300 }, (_, n) => (n === 299 ? 'held' : `n${n}`)).join('\n');
    await openWith(page, 'contacts.csv', `code\n${rows}\n`);
    await start(page);
    await page.getByText('250 of 300').waitFor();
    const cancelled = page.waitForResponse(/executions\/\w+\/cancel$/);
    await page.getByTestId('import-cancel').click();
    expect((await cancelled).status()).toBe(200);
    held.resolve();
    await heading(page, 'The import was cancelled');
    await page.getByText('250 of 300 rows had been read.').waitFor();
    expect(person.faults(STREAM_ENDED)).toEqual([]);
  });

  it('are cancelled with what has been sent, also where the answer comes later', async () => {
    const page = await person.signIn(await product.newUser(), '/console/contacts');
    const imports = product.test.app.get(Imports, { strict: false });
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const begin = imports.start.bind(imports);
    imports.start = async (...args) => {
      const execution = await begin(...args);
      begun.resolve();
      await gate.promise;
      return execution;
    };
    const rows = Promise.withResolvers<void>();
    beforeContact.act = () => rows.promise;
    await openWith(page, 'contacts.csv', 'code\nz\n');
    await start(page);
    await begun.promise;
    await page.getByText('Reading the rows…').waitFor();
    const cancelled = page.waitForResponse(/executions\/\w+\/cancel$/);
    await page.getByTestId('import-cancel').click();
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    imports.start = begin;
    gate.resolve();
    expect((await cancelled).status()).toBe(200);
    rows.resolve();
    expect(person.faults()).toEqual([]);
  });

  it('are offered where the feature has them, and nowhere else', async () => {
    const page = await person.signIn(await product.newUser(), '/console/projects');
    await page.getByTestId('new-button').first().waitFor();
    expect(await page.getByTestId('import-button').count()).toBe(0);
    const { body } = await (await product.test.anonymous.signIn()).get('/console/features');
    const of = (path: string) => body.data.find((each: { path: string }) => `/${each.path}` === path);
    expect(of(CONTACTS).operations.import).toBe('all');
    expect(of('/api/v1/projects').operations.import).toBeUndefined();
  });
});
