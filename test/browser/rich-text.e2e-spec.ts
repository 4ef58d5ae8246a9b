import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { RICH_TEXT_TAGS, sanitised } from '../../src/platform/validation/rich-text.js';
import { XSS_VECTORS } from '../support/xss-vectors.js';
import { openBrowser } from './browser.js';

// Some thousand documents; the machine may have other things to do.
jest.setTimeout(120_000);

/** The test answers itself whatever is asked for there. Browsers refuse ports below 1024 of their own accord. */
const PAGE = 'http://127.0.0.1:49151/';
const EMPTY = { contentType: 'text/html', body: '<!doctype html><title>Empty</title><body>' };
const SHOW_HTML = fileURLToPath(new URL('show-html.js', import.meta.url));

/** Where pages show a text, wisely or not: put in by a script, or written by a server; `_` is the text. */
const PLACES = {
  innerHTML: '',
  'document.write': '<div>_</div>',
  'a division': '<div>_</div>',
  'a text area': '<textarea>_</textarea>',
  'a title': '<title>_</title>',
  noscript: '<noscript>_</noscript>',
  'a template': '<template>_</template>',
};
type Place = keyof typeof PLACES;

/** What a text did in a page. */
interface Effect {
  readonly html: string;
  /** It ran a script. */
  readonly ran: boolean;
  /** Elements and attributes that no rich text has. */
  readonly foreign: readonly string[];
}

describe('rich text in a page', () => {
  let browser: Browser;
  /** What pages asked a server for, of itself. */
  const requests: string[] = [];
  const places = Object.keys(PLACES) as Place[];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  async function show(htmls: readonly string[], place: Place): Promise<Effect[]> {
    const page = await browser.newPage();
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.route('**/*', async (route) => {
      if (route.request().url() === PAGE) return route.fulfill(EMPTY);
      // Where a link leads to is its own affair.
      if (!route.request().isNavigationRequest()) requests.push(route.request().url());
      // An answer without content leaves everything as it is.
      return route.fulfill({ status: 204 });
    });
    await page.goto(PAGE);
    await page.addScriptTag({ path: SHOW_HTML });
    const asked = JSON.stringify({ htmls, place, around: PLACES[place], tags: RICH_TEXT_TAGS });
    const effects = await page.evaluate<Omit<Effect, 'html'>[]>(`showHtml(${asked})`);
    await page.close();
    return effects.map((effect, index) => ({ ...effect, html: htmls[index] ?? '' }));
  }

  /** A hundred at a time: each is a document. */
  async function effectsOf(htmls: Iterable<string>, place: Place): Promise<Effect[]> {
    requests.length = 0;
    const left = [...new Set(htmls)];
    const effects: Effect[] = [];
    while (left.length > 0) effects.push(...(await show(left.splice(0, 100), place)));
    return effects;
  }

  it.each(places)('runs nothing, loads nothing and holds nothing foreign in %s', async (place) => {
    const clean = XSS_VECTORS.map(sanitised);
    expect(clean.join('')).toContain('<');
    const effects = await effectsOf(clean, place);
    expect(effects.filter(({ ran, foreign }) => ran || foreign.length > 0)).toEqual([]);
    expect(requests).toEqual([]);
  });

  it.each<[Place, RegExp, number]>([
    ['innerHTML', /./, 100],
    ['document.write', /./, 100],
    ['a division', /./, 100],
    // Only what ends the element around it can get out.
    ['a text area', /<\/textarea/i, 3],
    ['a title', /<\/title/i, 3],
    ['noscript', /<\/noscript/i, 3],
    ['a template', /<\/template/i, 2],
  ])('would run scripts in %s if it were not sanitised', async (place, among, least) => {
    const effects = await effectsOf(
      XSS_VECTORS.filter((html) => among.test(html)),
      place,
    );
    expect(effects.filter(({ ran }) => ran).length).toBeGreaterThanOrEqual(least);
    expect(effects.filter(({ foreign }) => foreign.length > 0).length).toBeGreaterThanOrEqual(least);
    expect(requests).not.toHaveLength(0);
  });
});
