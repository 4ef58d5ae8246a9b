import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import type { Credentials } from '../support/users.js';
import { ConsoleTest, fillIn, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

describe('the second factor in the console', () => {
  let product: ConsoleTest;
  let person: Person;
  let credentials: Credentials;

  beforeAll(async () => {
    product = await ConsoleTest.start();
  });
  afterAll(() => product.close());

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
});
