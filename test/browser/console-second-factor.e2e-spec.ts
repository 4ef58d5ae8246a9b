import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { newAt, OAUTH } from '../support/oauth.js';
import { OidcServer } from '../support/oidc.js';
import type { Credentials } from '../support/users.js';
import { ConsoleTest, fillIn, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

describe('what the console asks for beside a password, or in place of one', () => {
  let product: ConsoleTest;
  let person: Person;
  let credentials: Credentials;
  let acme: OidcServer;

  beforeAll(async () => {
    product = await ConsoleTest.startNamed(async (origin) => {
      acme = await OidcServer.start('acme', `${origin}${OAUTH}/acme/callback`);
      return { ...acme.env, OAUTH_PROVIDERS: 'acme' };
    });
  });
  afterAll(async () => {
    await product.close();
    await acme.close();
  });

  beforeEach(async () => {
    person = await product.person();
    credentials = await product.newVerifiedUser();
  });
  afterEach(() => person.close());

  /** Turns it on as far as the recovery codes, and answers what an app and the person keep. */
  async function turnOn(page: Page): Promise<{ totp: TOTP; recoveryCodes: string[] }> {
    await page.getByRole('button', { name: 'Turn on' }).first().click();
    await page.getByLabel('Your password').first().fill(credentials.password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.qr svg path').waitFor();
    const secret = (await page.getByTestId('otp-secret').innerText()).replaceAll(' ', '');
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    await page.getByLabel('Code', { exact: true }).first().fill(totp.generate());
    await page.locator('dialog[open]').getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('Keep your recovery codes').waitFor();
    return { totp, recoveryCodes: await page.getByTestId('recovery-codes').locator('li').allInnerTexts() };
  }

  it('is turned on with a code, gives recovery codes once, and is asked for at the next sign-in', async () => {
    const page = await person.signIn(credentials, '/console/security');
    const { totp, recoveryCodes } = await turnOn(page);
    expect(recoveryCodes).toHaveLength(10);
    expect(await violationsOf(page)).toEqual([]);

    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    expect(await readFile(await (await download).path(), 'utf8')).toBe(`${recoveryCodes.join('\n')}\n`);
    // Escape does not take them away.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'I have saved them' }).click();
    await page.locator('[data-otp] [data-state]', { hasText: 'On' }).waitFor();
    await page.getByTestId('recovery-codes').locator('li').first().waitFor({ state: 'detached' });
    expect(person.faults()).toEqual([]);

    await page.getByTestId('logout-button').click();
    await page.waitForURL('**/login*');
    await fillIn(page, credentials);
    await page.getByTestId('login-button').click();
    await page.getByTestId('otp').waitFor();
    expect(await page.getByTestId('password').inputValue()).toBe(credentials.password);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByTestId('otp').fill('000000');
    await page.getByTestId('login-button').click();
    await page.locator('#otp-note.wrong').waitFor();
    // The code that turned it on is used up.
    await page.getByTestId('otp').fill(totp.generate({ timestamp: Date.now() + 30_000 }));
    await page.getByTestId('login-button').click();
    await page.getByTestId('dashboard').waitFor();
  });

  it('is turned off with the password and a code', async () => {
    const page = await person.signIn(credentials, '/console/security');
    const { recoveryCodes } = await turnOn(page);
    await page.getByRole('button', { name: 'I have saved them' }).click();
    await page.getByRole('button', { name: 'Turn off' }).first().click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByLabel('Your password').fill('wrong');
    await dialog.getByLabel('Code').fill(recoveryCodes[0] ?? '');
    await dialog.getByRole('button', { name: 'Turn off' }).click();
    expect(await dialog.locator('#disable-password-note.wrong').innerText()).toBe(
      'This is not your password.',
    );
    await dialog.getByLabel('Your password').fill(credentials.password);
    await dialog.getByRole('button', { name: 'Turn off' }).click();
    await page.getByText('The second factor is off').waitFor();
    expect(await page.locator('[data-otp] [data-state]').innerText()).toBe('Off');
  });

  /** A device of the person that makes passkeys and is unlocked by itself. */
  async function withDevice(page: Page): Promise<void> {
    const client = await person.context.newCDPSession(page);
    await client.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
    await client.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...options, hasUserVerification: true, isUserVerified: true },
    });
  }
  const waysIn = (page: Page) => page.getByTestId('way-in');

  it('a passkey is added in the profile, signs in by itself, and is removed', async () => {
    const page = await person.signIn(credentials, '/console/profile');
    await withDevice(page);
    await page.getByTestId('add-passkey').click();
    await page.getByText('Passkey added').waitFor();
    expect(await waysIn(page).allInnerTexts()).toEqual([expect.stringMatching(/^Chrome on Linux\n+Added/)]);
    expect(await violationsOf(page)).toEqual([]);
    // The device has one already.
    await page.getByTestId('add-passkey').click();
    await page.getByText('No passkey was used').waitFor();

    await page.getByTestId('logout-button').click();
    await page.getByTestId('sign-in-passkey').click();
    await page.getByTestId('dashboard').waitFor();
    await page.goto(`${product.origin}/console/profile`);
    await page.getByRole('button', { name: 'Remove Chrome on Linux' }).click();
    await page.getByText('Passkey removed').waitFor();
    await waysIn(page).waitFor({ state: 'detached' });
    expect(person.faults()).toEqual([]);
  });

  it('a provider signs somebody new in, and asks for nothing twice', async () => {
    acme.login = newAt(acme);
    const page = await person.open('/login');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByTestId('sign-in-acme').click();
    await page.getByTestId('dashboard').waitFor();
    expect(new URL(page.url()).search).toBe('');
    await page.goto(`${product.origin}/console/profile`);
    await page.getByRole('button', { name: 'Remove Acme' }).click();
    await page.getByText('This is your only way to sign in.').waitFor();
  });

  it('a provider is linked in the profile, and leads back with what went wrong', async () => {
    acme.login = newAt(acme, { email: credentials.email });
    const page = await person.open('/login');
    await page.getByTestId('sign-in-acme').click();
    await page.getByText('This email address already has an account.').waitFor();
    await fillIn(page, credentials);
    await page.getByTestId('login-button').click();
    await page.getByTestId('dashboard').waitFor();
    await page.goto(`${product.origin}/console/profile`);
    await page.getByTestId('link-acme').click();
    await page.getByText('Account linked').waitFor();
    expect(await waysIn(page).count()).toBe(1);
  });

  it('a provider, asked anew in a window of its own, proves who it is, and so does a passkey', async () => {
    const page = await person.signIn(credentials, '/console/profile');
    await withDevice(page);
    await page.getByTestId('add-passkey').click();
    await page.getByText('Passkey added').waitFor();
    acme.login = newAt(acme);
    await page.getByTestId('link-acme').click();
    await page.getByText('Account linked').waitFor();
    await product.ageProofs();
    const remove = (name: string) => page.getByRole('button', { name: `Remove ${name}` }).click();
    await remove('Chrome on Linux');
    await page.getByTestId('prove-by-acme').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    const other = page.context().waitForEvent('page');
    await page.getByTestId('prove-by-acme').click();
    await page.getByText('Passkey removed').waitFor();
    await (await other).close();
    await page.getByTestId('add-passkey').click();
    await page.getByText('Passkey added').waitFor();
    await product.ageProofs();
    await remove('Acme');
    await page.getByTestId('prove-by-passkey').click();
    await page.getByText('Account unlinked').waitFor();
    expect(await waysIn(page).count()).toBe(1);
  });

  it('a provider does not stand in for the second factor', async () => {
    const page = await person.signIn(credentials, '/console/profile');
    acme.login = newAt(acme);
    await page.getByTestId('link-acme').click();
    await page.getByText('Account linked').waitFor();
    await page.goto(`${product.origin}/console/security`);
    const { recoveryCodes } = await turnOn(page);
    const other = await product.person();
    const login = await other.open('/login');
    await login.getByTestId('sign-in-acme').click();
    await login.getByTestId('otp').fill(recoveryCodes[0] ?? '');
    expect(await login.getByTestId('password').isVisible()).toBe(false);
    await login.getByTestId('login-button').click();
    await login.getByTestId('dashboard').waitFor();
    await other.close();
  });
});
