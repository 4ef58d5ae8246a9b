import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type LaunchOptions, type Page } from 'playwright-core';

/** Nothing but this machine can be reached, so that a page which loads from elsewhere fails everywhere. */
const ARGUMENTS = [
  '--disable-gpu',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/**
 * The Chromium that comes through npm. It needs no browser, library, font or display of the machine.
 * It is made for Linux x64; elsewhere an installed Chrome is used.
 */
async function program(): Promise<LaunchOptions> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome' };
  const script = fileURLToPath(new URL('unpack-chromium.mjs', import.meta.url));
  const { stdout: folder } = await promisify(execFile)(process.execPath, [script]);
  const libraries = [join(folder, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...process.env,
      HOME: folder,
      LD_LIBRARY_PATH: libraries,
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

/** Starts a headless browser: Chromium, or the Firefox that `FIREFOX=/usr/bin/firefox-esr` names. Close it when done. */
export async function openBrowser(): Promise<Browser> {
  const path = process.env['FIREFOX'];
  // Only then: scripts that Node runs as they are do not find a `.js` that is TypeScript.
  if (path) return (await import('./firefox.js')).openFirefox(path);
  return chromium.launch({ ...(await program()), args: ARGUMENTS, chromiumSandbox: false });
}

/** Tells this process what the page's policy refused; the console's own words for it change with the browser. */
const REPORT_REFUSALS = `document.addEventListener('securitypolicyviolation', (refusal) => {
  console.error('refused by ' + refusal.effectiveDirective + ': ' + refusal.blockedURI);
});`;

/** What Chromium and Firefox call a request that the page has broken off. */
const BROKEN_OFF = /^(net::ERR|NS_BINDING)_ABORTED$/;

const VIEWPORT = { width: 1200, height: 800 };

/** A page, and everything that has gone wrong in it so far. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts, lines of the console, refusals of the policy, failed requests, answers ≥ 400, other hosts. */
  readonly faults: readonly string[];
}

/** Opens an empty page that may load from `origin` only: in a browser of its own, or as a tab of a context. */
export async function openPage(opener: Browser | BrowserContext, origin: string): Promise<WatchedPage> {
  const page = await opener.newPage('browser' in opener ? undefined : { viewport: VIEWPORT });
  const faults: string[] = [];
  page.setDefaultTimeout(30_000);
  page.on('pageerror', ({ message }) => faults.push(`script: ${message}`));
  page.on('console', (message) => faults.push(`console: ${message.text()}`));
  page.on('requestfailed', (request) => {
    // Whoever goes on to another page breaks off what the one before still loads.
    if (request.method() === 'GET' && BROKEN_OFF.test(request.failure()?.errorText ?? '')) return;
    faults.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) faults.push(`other host: ${url.origin}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`answer: ${response.status()} ${response.url()}`);
  });
  await page.addInitScript({ content: REPORT_REFUSALS });
  return { page, faults };
}
