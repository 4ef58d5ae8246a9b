import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CONSOLE_REFRESH } from '../support/console.js';
import { eventually } from '../support/mails.js';
import { type Credentials, newCredentials, REFRESH } from '../support/users.js';
import { ConsoleTest, fillIn, type Person, violationsOf } from './console.js';
import { PRODUCT } from '../../src/product/product.js';

jest.setTimeout(60_000);

describe('signing in by the console', () => {
  let product: ConsoleTest;
  let person: Person;
  let credentials: Credentials;

  beforeAll(async () => {
    product = await ConsoleTest.start();
  });
  afterAll(() => product.close());

  beforeEach(async () => {
    person = await product.person();
    credentials = await product.newUser();
  });
  afterEach(() => person.close());

  /** Counts requests of the person's tabs for a new access token from now on. */
  function countRenewals(): () => number {
    let renewals = 0;
    person.context.on('request', (request) => {
      if (request.url().endsWith(CONSOLE_REFRESH)) renewals += 1;
    });
    return () => renewals;
  }

  /** Ends every session of the person but a new one by the API. */
  async function revokeOtherSessions(): Promise<void> {
    const other = await product.apiOf(credentials);
    const sessions = (await other.get('/api/v1/auth/sessions')).body.data as {
      id: string;
      current: boolean;
    }[];
    for (const { id, current } of sessions) if (!current) await other.delete(`/api/v1/auth/sessions/${id}`);
  }

  it('goes as the guide walks: register, success, sign in, dashboard', async () => {
    const page = await person.open('/register');
    const somebody = newCredentials();
    await fillIn(page, somebody);
    await page.getByTestId('register-button').click();
    await page.getByTestId('success-message').waitFor();
    await page.goto(`${product.origin}/login`);
    await fillIn(page, somebody);
    await page.getByTestId('login-button').click();
    await page.getByTestId('dashboard').waitFor();
    expect(page.url()).toBe(`${product.origin}/dashboard`);
    expect(person.faults()).toEqual([]);
  });

  it('lasts over a reload, while scripts see no token in any store', async () => {
    const page = await person.signIn(credentials);
    await page.reload();
    await page.getByTestId('dashboard').waitFor();
    expect(
      await page.evaluate('[document.cookie, JSON.stringify({ ...localStorage, ...sessionStorage })]'),
    ).toEqual(['', `{"${PRODUCT.key}.session":"1"}`]);
    const cookies = await person.context.cookies();
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]).toSorted()).toEqual([
      [`${PRODUCT.key}_device`, true, 'Strict'],
      [`${PRODUCT.key}_session`, true, 'Strict'],
    ]);
    expect(person.faults()).toEqual([]);
  });

  it('leads who is signed in from the sign-in to the dashboard, and who is not the other way', async () => {
    const stranger = await person.open('/dashboard');
    await stranger.waitForURL('**/login*');
    await person.signIn(credentials);
    const again = await person.open('/login');
    await again.getByTestId('dashboard').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('ends in every tab when one signs out', async () => {
    const first = await person.signIn(credentials);
    const second = await person.open('/dashboard');
    await second.getByTestId('dashboard').waitFor();
    await first.getByTestId('logout-button').click();
    for (const page of [first, second]) {
      await page.waitForURL('**/login*');
      await page.getByText('You are signed out.').waitFor();
    }
    const later = await person.open('/dashboard');
    await later.waitForURL('**/login*');
    expect((await person.context.cookies()).map(({ name }) => name)).toEqual([`${PRODUCT.key}_device`]);
  });

  it('leads to the sign-in at the next click once the session was revoked elsewhere', async () => {
    const page = await person.signIn(credentials);
    await revokeOtherSessions();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.waitForURL('**/login*');
    await page.getByText('Your session has ended.').waitFor();
    expect(person.faults(/answer: 401/)).toEqual([]);
  });

  it('that ends while somebody types is begun again over the page, which then goes on', async () => {
    const page = await person.signIn(credentials, '/console/projects/new');
    await page.getByLabel('Name').fill('Just in time');
    await revokeOtherSessions();
    await page.getByTestId('save-button').click();
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    const dialog = page.locator('dialog[open]');
    await dialog.getByLabel('Your password').fill(credentials.password);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Just in time' }).waitFor();
  });

  it('goes on when the answer to a renewal got lost, ten seconds later', async () => {
    await (await person.signIn(credentials)).close();
    const cookies = await person.context.cookies();
    const refreshToken = cookies.find(({ name }) => name === `${PRODUCT.key}_session`)?.value;
    // Nobody hears the answer.
    expect((await product.test.anonymous.post(REFRESH, { refreshToken })).status).toBe(200);
    await person.context.clock.install();
    await person.context.clock.pauseAt(Date.now() + 1_000);
    const refusals: number[] = [];
    person.context.on('response', (response) => {
      if (response.url().endsWith(CONSOLE_REFRESH) && response.status() === 409) refusals.push(Date.now());
    });
    const page = await person.open('/dashboard');
    // More than two seconds each time, by the clock of the page.
    for (let times = 1; times < 5; times++) {
      await eventually(() => refusals.length === times);
      await page.clock.runFor(2_100);
    }
    await eventually(() => refusals.length === 5);
    await product.test.connection
      .collection('sessions')
      .updateMany({}, [{ $set: { rotatedAt: { $map: { input: '$rotatedAt', in: new Date(0) } } } }]);
    await page.clock.runFor(2_100);
    await page.getByTestId('dashboard').waitFor();
    expect(person.faults(/answer: 409/)).toEqual([]);
  });

  it('is renewed once for two tabs that open at the same time', async () => {
    await (await person.signIn(credentials)).close();
    const renewals = countRenewals();
    const tabs = await Promise.all([person.open('/dashboard'), person.open('/dashboard')]);
    for (const tab of tabs) await tab.getByTestId('dashboard').waitFor();
    expect(renewals()).toBe(1);
    expect(person.faults()).toEqual([]);
  });

  it('is not renewed for a tab beside one that is open: that one hands its token on', async () => {
    await person.signIn(credentials);
    const renewals = countRenewals();
    await (await person.open('/dashboard')).getByTestId('dashboard').waitFor();
    expect(renewals()).toBe(0);
  });

  it('survives tabs that renew at once without locks, where browsers have none', async () => {
    await (await person.signIn(credentials)).close();
    await person.context.addInitScript({
      content: "Object.defineProperty(navigator, 'locks', { value: undefined });",
    });
    const tabs = await Promise.all([1, 2, 3].map(() => person.open('/dashboard')));
    for (const tab of tabs) await tab.getByTestId('dashboard').waitFor();
    expect(person.faults(/answer: 409/)).toEqual([]);
  });

  it('of somebody else in another tab does not leave the first one with the wrong account', async () => {
    const first = await person.signIn(credentials);
    await person.context.clearCookies();
    const second = await person.open('/register');
    await second.evaluate(`localStorage.removeItem('${PRODUCT.key}.session')`);
    const somebody = await product.newUser();
    await second.goto(`${product.origin}/login`);
    await fillIn(second, somebody);
    await second.getByTestId('login-button').click();
    await second.getByTestId('dashboard').waitFor();
    await first.getByText(somebody.email).first().waitFor();
  });
});
