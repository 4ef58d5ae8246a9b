import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { SessionsService } from '../../src/modules/sessions/sessions.service.js';
import type { Environment } from '../../src/platform/config/env.js';
import { freePort } from '../support/redis.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { type Credentials, LOGIN, newCredentials, register, registerVerified } from '../support/users.js';
import { openBrowser, openPage, type WatchedPage } from './browser.js';

/** Adds up how far things have jumped that nobody had touched. */
const MEASURE_SHIFTS = `window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.layoutShift += value;
}).observe({ type: 'layout-shift', buffered: true });`;

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** The product, listening, and a browser. */
export class ConsoleTest {
  private constructor(
    readonly test: TestApp,
    readonly origin: string,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<ConsoleTest> {
    const test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    return new ConsoleTest(test, new URL(await test.app.getUrl()).origin, await openBrowser());
  }

  /** Under a name, which passkeys are bound to, and with an address that providers know. */
  static async startNamed(env: (origin: string) => Promise<Environment>): Promise<ConsoleTest> {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const test = await createTestApp({ ...(await env(origin)), PUBLIC_URL: origin });
    await test.app.listen(port, '127.0.0.1');
    return new ConsoleTest(test, origin, await openBrowser());
  }

  /** The same, of somebody whose address is verified. */
  async newVerifiedUser(): Promise<Credentials> {
    const { email, password } = await registerVerified(this.test);
    return { email, password };
  }

  /** Lets every proof of identity be older than ten minutes, and the product know it. */
  async ageProofs(): Promise<void> {
    const sessions = this.test.connection.collection('sessions');
    await sessions.updateMany({}, { $set: { provenAt: new Date(Date.now() - 11 * 60_000) } });
    const service = this.test.app.get(SessionsService, { strict: false });
    for (const { _id } of await sessions.find().toArray()) await service.find(_id.toHexString(), 0, true);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.test.close();
  }

  /** A browser of its own: other cookies, other tabs. */
  async person({ width = 1200, colorScheme = 'light' }: Look = {}): Promise<Person> {
    const context = await this.browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    await context.addInitScript({ content: MEASURE_SHIFTS });
    return new Person(this, context);
  }

  /** The same user by the API, in a session of its own. */
  async apiOf(credentials: Credentials): Promise<TestClient> {
    const { body } = await this.test.anonymous.post(LOGIN, credentials);
    return this.test.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
  }

  /** Somebody new, who is registered. */
  async newUser(): Promise<Credentials> {
    const { email, password } = await register(this.test.anonymous);
    return { email, password };
  }
}

/** Somebody before a browser. */
export class Person {
  private readonly tabs: WatchedPage[] = [];

  constructor(
    private readonly console: ConsoleTest,
    readonly context: BrowserContext,
  ) {}

  /** Everything that has gone wrong in any tab, but for failures that the test has caused. */
  faults(...expected: RegExp[]): string[] {
    const isExpected = (fault: string) =>
      expected.some((each) => each.test(fault)) ||
      (expected.length > 0 && fault.startsWith('console: Failed to load resource'));
    return this.tabs.flatMap(({ faults }) => faults).filter((fault) => !isExpected(fault));
  }

  async open(path: string): Promise<Page> {
    const tab = await openPage(this.context, this.console.origin);
    this.tabs.push(tab);
    await tab.page.goto(`${this.console.origin}${path}`);
    return tab.page;
  }

  /** Signs in by the pages, and answers the one that was asked for. */
  async signIn(credentials: Credentials, path = '/dashboard'): Promise<Page> {
    const page = await this.open(`/login#to=${path.slice(1)}`);
    await fillIn(page, credentials);
    await page.getByTestId('login-button').click();
    await page.getByTestId('dashboard').waitFor();
    return page;
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

export async function fillIn(page: Page, { email, password }: Credentials = newCredentials()): Promise<void> {
  await page.getByTestId('email').fill(email);
  await page.getByTestId('password').fill(password);
}

/** What axe finds wrong with a page, in its own words. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      [id, target.join(' '), failureSummary].join(': '))))`);
}

/** The sum of the page's layout shifts. */
export function shiftOf(page: Page): Promise<number> {
  return page.evaluate('window.layoutShift');
}

export async function isWiderThanScreen(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}
