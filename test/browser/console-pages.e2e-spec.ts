import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { readConsoleFiles } from '../../src/modules/console/console.files.js';
import { CONSOLE_PAGES } from '../../src/modules/console/page-list.js';
import type { Credentials } from '../support/users.js';
import { ConsoleTest, isWiderThanScreen, type Look, type Person, shiftOf, violationsOf } from './console.js';

jest.setTimeout(60_000);

const LOOKS: readonly Required<Look>[] = [360, 1440].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);
const PAGES = [
  '/login',
  '/register',
  '/forgot',
  '/reset#token=x',
  '/reset',
  '/verify#token=x',
  '/login#ended',
];

/** Of who is signed in. */
const PATHS = [
  '/console/projects',
  '/console/projects?name=nothing',
  '/console/projects/new',
  '/console/profile',
  '/console/security',
  '/console/sessions',
  '/console/api-keys',
];

/** Something of every kind, with names that are long and hold HTML. */
const PROJECTS = [
  { name: 'Quarterly figures', description: 'Numbers of every region.' },
  {
    name: `<img src=x onerror=alert(1)>${'Donaudampfschifffahrt'.repeat(3)}`,
    description: '<b>bold</b>'.repeat(20),
  },
];

let product: ConsoleTest;

beforeAll(async () => {
  product = await ConsoleTest.start();
});
afterAll(() => product.close());

describe.each(LOOKS)('the pages at $width px, $colorScheme', (look) => {
  let person: Person;
  let credentials: Credentials;

  beforeAll(async () => {
    person = await product.person(look);
    credentials = await product.newUser();
    const api = await product.apiOf(credentials);
    for (const project of PROJECTS) await api.post('/api/v1/projects', project);
  });
  afterAll(() => person.close());

  async function expectGoodManners(page: Page): Promise<void> {
    expect(await violationsOf(page)).toEqual([]);
    expect(await isWiderThanScreen(page)).toBe(false);
    expect(await shiftOf(page)).toBeLessThan(0.02);
  }

  it.each(PAGES)('%s is accessible, fits, stands still and loads nothing from elsewhere', async (path) => {
    const page = await person.open(path);
    await page.locator('h1:visible').waitFor();
    await expectGoodManners(page);
    expect(person.faults()).toEqual([]);
    await page.close();
  });

  it('stays so with errors beside the fields', async () => {
    const page = await person.open('/register');
    await page.getByTestId('register-button').click();
    await page.locator('[aria-invalid]').first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.close();
  });

  it('those of who is signed in, their dialogs and what people have written stay so too', async () => {
    const page = await person.signIn(credentials);
    await expectGoodManners(page);
    for (const path of PATHS) {
      await page.goto(`${product.origin}${path}`);
      await page.locator('main h1:visible').waitFor();
      await expectGoodManners(page);
      expect(await page.locator('main img[src="x"]').count()).toBe(0);
    }
    const dialogs = [
      ['/console/security', '[data-change-password]'],
      ['/console/security', '[data-otp] [data-open]'],
      ['/console/api-keys', '[data-new]'],
    ] as const;
    for (const [path, opener] of dialogs) {
      await page.goto(`${product.origin}${path}`);
      await page.locator(opener).click();
      await page.locator('dialog[open]').waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(await isWiderThanScreen(page)).toBe(false);
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    }
    if (look.width < 900) {
      await page.getByRole('button', { name: 'Menu' }).click();
      await page.getByRole('link', { name: 'Sessions' }).waitFor();
      expect(await violationsOf(page)).toEqual([]);
    }
    expect(person.faults()).toEqual([]);
    await page.close();
  });

  it('are watched: a violation and a jump would be noticed', async () => {
    const page = await person.open('/register');
    await page.evaluate("document.querySelector('label').remove()");
    expect((await violationsOf(page)).join()).toContain('label');
    await page.waitForTimeout(600);
    await page.evaluate(
      "document.querySelector('.entry').prepend(Object.assign(document.createElement('div'), { textContent: 'x'.repeat(20) }), ...Array.from({ length: 20 }, () => document.createElement('hr')))",
    );
    await page.waitForTimeout(200);
    expect(await shiftOf(page)).toBeGreaterThan(0.02);
    await page.close();
  });
});

describe('a console without Swagger UI', () => {
  const LINKS = { name: /API reference/ };

  it.each([
    [true, 2],
    [false, 0],
  ])('links to it where it is there (%s) and nowhere else', async (hasReference, links) => {
    const list = readConsoleFiles(CONSOLE_PAGES, hasReference).files.find(
      ({ path }) => path === 'page-list.js',
    );
    const person = await product.person();
    const page = await person.signIn(await product.newUser());
    await page.route('**/page-list.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: list?.body ?? '' }),
    );
    await page.reload();
    await page.getByRole('heading', { name: /^Hello/ }).waitFor();
    expect(await page.getByRole('link', LINKS).count()).toBe(links);
    expect(person.faults()).toEqual([]);
    await person.close();
  });
});
