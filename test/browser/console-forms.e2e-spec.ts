import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { CONSOLE_SESSION } from '../support/console.js';
import { LOGIN, newCredentials, REGISTER } from '../support/users.js';
import { ConsoleTest, fillIn, type Person } from './console.js';

jest.setTimeout(60_000);

describe('the forms of the console', () => {
  let product: ConsoleTest;
  let person: Person;

  beforeAll(async () => {
    product = await ConsoleTest.start();
  });
  afterAll(() => product.close());

  beforeEach(async () => {
    person = await product.person();
  });
  afterEach(() => person.close());

  /** What stands beside a field when it is wrong. */
  async function faultOf(page: Page, field: string): Promise<string> {
    const input = page.locator(`[name="${field}"][aria-invalid="true"]`);
    await input.waitFor();
    return page.locator(`#${await input.getAttribute('aria-describedby')}`).innerText();
  }

  it.each([
    ['an address that is none', { email: 'ada' }, 'email', 'Enter an address such as name@example.com.'],
    ['a short password', { password: 'short' }, 'password', 'Use at least 8 characters.'],
    [
      'a common password',
      { password: 'password123' },
      'password',
      'This must not be one of the most common ones.',
    ],
    ['nothing', { email: '' }, 'email', 'Please fill this in.'],
  ])('say beside the field what is wrong with %s', async (_, wrong, field, expected) => {
    const page = await person.open('/register');
    await fillIn(page, { ...newCredentials(), ...wrong });
    await page.getByTestId('register-button').click();
    expect(await faultOf(page, field)).toBe(expected);
    expect(await page.evaluate('document.activeElement.name')).toBe(field);
  });

  it('say beside the address that it is taken', async () => {
    const page = await person.open('/register');
    await fillIn(page, await product.newUser());
    await page.getByTestId('register-button').click();
    expect(await faultOf(page, 'email')).toBe('This address already has an account. Sign in instead.');
  });

  it('say as a whole that the credentials are wrong, and how long to wait after too many tries', async () => {
    const page = await person.open('/login');
    const credentials = { ...(await product.newUser()), password: 'wrong' };
    await fillIn(page, credentials);
    await page.getByTestId('login-button').click();
    const alert = page.locator('[data-alert]:not(:empty)');
    await alert.waitFor();
    expect(await alert.innerText()).toBe('The email or password is wrong.');
    const own = { host: new URL(product.origin).host, origin: product.origin };
    for (let n = 0; n < 24; n++) await product.test.anonymous.post(CONSOLE_SESSION, credentials, own);
    await page.getByTestId('login-button').click();
    await page.getByText(/^Too many attempts\. Try again in \d+ (second|minute)s?\.$/).waitFor();
  });

  it('say that the server cannot be reached, and work once it can', async () => {
    const page = await person.open('/register');
    await fillIn(page);
    await page.route(`**${REGISTER}`, (route) => route.abort());
    await page.getByTestId('register-button').click();
    await page.getByText('The server cannot be reached. Check your connection and try again.').waitFor();
    await page.unroute(`**${REGISTER}`);
    await page.getByTestId('register-button').click();
    await page.getByTestId('success-message').waitFor();
  });

  it('are sent once, however often the button is pressed', async () => {
    const page = await person.open('/register');
    await fillIn(page);
    let sent = 0;
    page.on('request', (request) => void (request.url().endsWith(REGISTER) && (sent += 1)));
    await page.getByTestId('register-button').dblclick();
    await page.getByTestId('success-message').waitFor();
    expect(sent).toBe(1);
    expect(person.faults()).toEqual([]);
  });

  it('are never sent as addresses: without scripts a password does not end up in one', async () => {
    for (const path of ['/login', '/register', '/forgot', '/reset', '/verify', '/console/security']) {
      const { text } = await product.test.anonymous.get(path);
      const forms = [...text.matchAll(/<form[^>]*>/g)].map(([form]) => form);
      expect(forms.length).toBeGreaterThan(0);
      expect(forms.filter((form) => !form.includes('method="post"'))).toEqual([]);
    }
  });

  it('say that the browser blocks what signing in needs, and stay where they are', async () => {
    await person.context.addInitScript({
      content:
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError') } })",
    });
    const page = await person.open('/login');
    await page.getByText('Your browser blocks cookies for this site.').waitFor();
    await fillIn(page, await product.newUser());
    await page.getByTestId('login-button').click();
    await page.waitForURL('**/login*');
    expect(person.faults()).toEqual([]);
  });

  it('say that the browser has kept no cookie of the sign-in', async () => {
    const page = await person.open('/login');
    await page.route('**/dashboard', async (route) => {
      await person.context.clearCookies();
      await route.continue();
    });
    await fillIn(page, await product.newUser());
    await page.getByTestId('login-button').click();
    await page.getByText('Your browser keeps no cookies of this site.').waitFor();
    expect(person.faults(/answer: 401 .*refresh$/)).toEqual([]);
  });

  it('can be given up while nothing is answered, and sent again', async () => {
    const page = await person.open('/register');
    await page.clock.install();
    await fillIn(page);
    const held = Promise.withResolvers<Route>();
    await page.route(`**${REGISTER}`, held.resolve);
    await page.getByTestId('register-button').click();
    await page.clock.runFor(8000);
    await page.getByText('Still working…').waitFor();
    await page.getByTestId('stop-waiting').click();
    await page.getByText('You stopped waiting.').waitFor();
    expect(await page.getByText('Still working…').count()).toBe(0);
    // What was given up may arrive all the same.
    const route = await held.promise;
    const request = route.request();
    const late = await fetch(request.url(), {
      method: 'POST',
      headers: await request.allHeaders(),
      body: request.postData() ?? '',
    });
    expect(late.status).toBe(201);
    await route.abort();
    await page.unroute(`**${REGISTER}`);
    await page.getByTestId('register-button').click();
    const done = page.getByTestId('success-message').waitFor();
    await done.catch(async (error: unknown) => {
      throw new Error(`Instead, the page says: ${await page.innerText('body')}`, { cause: error });
    });
  });

  it('say in the row of a button what was refused to it', async () => {
    const credentials = await product.newUser();
    await product.test.anonymous.post(LOGIN, credentials);
    const page = await person.signIn(credentials, '/console/sessions');
    const row = page.getByTestId('session').last();
    await row.getByRole('button').waitFor();
    await product.test.connection.collection('sessions').deleteMany({ userAgent: { $not: /Mozilla/ } });
    await row.getByRole('button').click();
    await row.getByRole('alert').getByText('Session not found.').waitFor();
    expect(person.faults(/answer: 404/)).toEqual([]);
  });

  it('sign in whoever has just registered, who types nothing again', async () => {
    const page = await person.open('/register');
    await fillIn(page);
    await page.getByTestId('register-button').click();
    await page.getByRole('link', { name: 'Go to the console' }).click();
    await page.getByTestId('dashboard').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('show a password to who asks for it', async () => {
    const page = await person.open('/login');
    await page.getByTestId('password').fill('correct horse');
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await page.getByTestId('password').getAttribute('type')).toBe('text');
    await page.getByRole('button', { name: 'Show password', pressed: true }).click();
    expect(await page.getByTestId('password').getAttribute('type')).toBe('password');
  });

  it('can be used by keyboard alone, from the sign-in to a deleted project', async () => {
    const credentials = await product.newUser();
    const page = await person.open('/login');
    const { keyboard } = page;
    const focused = () =>
      page.evaluate('document.activeElement.dataset.testid ?? document.activeElement.textContent');
    await keyboard.press('Tab');
    expect(await focused()).toBe('email');
    await keyboard.type(credentials.email);
    await keyboard.press('Tab');
    expect(await focused()).toBe('Forgot it?');
    await keyboard.press('Tab');
    await keyboard.type(credentials.password);
    await keyboard.press('Enter');
    await page.getByTestId('dashboard').waitFor();

    const active = (of: string) => page.evaluate(`document.activeElement.${of}`);
    await page.getByRole('link', { name: 'Projects', exact: true }).first().focus();
    await keyboard.press('Enter');
    // The overview says so with more words.
    await page.getByText('No projects yet', { exact: true }).waitFor();
    await keyboard.press('n');
    await page.locator('[name="name"]:focus').waitFor();
    // Escape asks before what was typed is lost.
    await keyboard.type('By keyboard');
    await keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Discard your changes?' }).waitFor();
    expect(await focused()).toBe('Keep editing');
    await keyboard.press('Enter');
    await page.locator('[name="name"]:focus').waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'By keyboard' }).waitFor();
    await keyboard.press('Escape');
    await page.getByTestId('record-row').waitFor();
    await keyboard.press('/');
    expect(await focused()).toBe('search');
    await keyboard.press('ArrowDown');
    expect(await active('textContent')).toBe('By keyboard');
    await keyboard.press('Enter');
    await page.getByTestId('delete-button').focus();
    await keyboard.press('Enter');
    await page.getByText('No projects yet').waitFor();
    expect(person.faults()).toEqual([]);
  });
});
