import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { eventually, mailTo, outboxOf } from '../support/mails.js';
import { type Credentials, LOGIN, newCredentials } from '../support/users.js';
import { ConsoleTest, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

describe('the account in the console', () => {
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

  async function linkTo(email: string, page: string): Promise<string> {
    const matching = async () =>
      (await outboxOf(product.test.config)).filter(({ link }) => link.includes(page));
    return `${page}#token=${(await mailTo(email, matching)).token}`;
  }
  const login = async (email: string) =>
    (await product.test.anonymous.post(LOGIN, { ...credentials, email })).status;

  const open = (page: Page) => page.locator('dialog[open]').last();

  it('has another address by a link, and the old one again by another', async () => {
    const page = await person.signIn(credentials, '/console/security');
    // Who signs in with a passkey or a provider has no password to change.
    const mailed = page.getByRole('link', { name: 'Have a link mailed' });
    expect(await mailed.getAttribute('href')).toBe(`${product.origin}/forgot`);
    await page.getByRole('button', { name: 'Change email' }).click();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel('New email').fill(credentials.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.locator('#new-email-note.wrong').waitFor();
    const { email } = newCredentials();
    await page.getByLabel('New email').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('Check your new address').waitFor();

    const change = await person.open(await linkTo(email, '/email-change'));
    expect(change.url()).toBe(`${product.origin}/email-change`);
    expect(await violationsOf(change)).toEqual([]);
    await change.getByTestId('email-change-button').click();
    await change.getByTestId('success-message').waitFor();
    expect([await login(email), await login(credentials.email)]).toEqual([200, 401]);

    const undo = await person.open(await linkTo(credentials.email, '/email-undo'));
    await undo.getByTestId('email-undo-button').click();
    await undo.getByTestId('success-message').waitFor();
    expect(await violationsOf(undo)).toEqual([]);
    expect([await login(email), await login(credentials.email)]).toEqual([401, 200]);
    expect(person.faults(/answer: 400/)).toEqual([]);
  });

  it('says that links without a token are of no use', async () => {
    for (const path of ['/email-change', '/email-undo']) {
      await (await person.open(path)).getByTestId('useless-link').waitFor();
    }
  });

  it('asks for the password where the last proof is old, and goes on', async () => {
    const page = await person.signIn(credentials, '/console/security');
    await product.ageProofs();
    await page.getByRole('button', { name: 'Change email' }).click();
    const { email } = newCredentials();
    await page.getByLabel('New email').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await open(page).getByLabel('Your password').fill('wrong password');
    await open(page).getByRole('button', { name: 'Confirm' }).click();
    await page.locator('#step-up-password-note.wrong').waitFor();
    await open(page).getByLabel('Your password').fill(credentials.password);
    await open(page).getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Check your new address').waitFor();
    expect(await page.locator('dialog[open]').count()).toBe(0);
    await linkTo(email, '/email-change');
  });

  it('changes nothing when nobody confirms, and says so', async () => {
    const page = await person.signIn(credentials, '/console/security');
    await product.ageProofs();
    await page.getByRole('button', { name: 'Change email' }).click();
    await page.getByLabel('New email').fill(newCredentials().email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await open(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Nothing has changed. Confirm that it is you to go on.').waitFor();
  });

  it('turns the second factor on and off when the last proof is old', async () => {
    const page = await person.signIn(credentials, '/console/security');
    await product.ageProofs();
    await page.getByRole('button', { name: 'Turn on' }).first().click();
    // The dialog asks for the password anyway: no second one comes.
    await open(page).getByLabel('Your password').fill(credentials.password);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.qr svg path').waitFor();
    const secret = (await page.getByTestId('otp-secret').innerText()).replaceAll(' ', '');
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    await product.ageProofs();
    await open(page).getByLabel('Code', { exact: true }).fill(totp.generate());
    await open(page).getByRole('button', { name: 'Turn on' }).click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await open(page).getByLabel('Your password').fill(credentials.password);
    await open(page).getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Keep your recovery codes').waitFor();
    const codes = await page.getByTestId('recovery-codes').locator('li').allInnerTexts();
    await page.getByRole('button', { name: 'I have saved them' }).click();

    await product.ageProofs();
    await page.getByRole('button', { name: 'Turn off' }).first().click();
    await open(page).getByLabel('Your password').fill(credentials.password);
    await open(page)
      .getByLabel('Code')
      .fill(codes[0] ?? '');
    await open(page).getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await open(page)
      .getByLabel('Code')
      .fill(codes[1] ?? '');
    await open(page).getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('The second factor is off').waitFor();
  });

  it('makes an API key that is shown once, and deletes it', async () => {
    const page = await person.signIn(credentials, '/console/api-keys');
    await page.keyboard.press('n');
    await open(page).getByText('What the key is for.').waitFor();
    await open(page).getByLabel('Name').fill('Nightly report');
    await page.route('**/auth/api-keys', () => undefined);
    const given = page.waitForEvent('requestfailed');
    await open(page).getByTestId('save-button').click();
    await open(page).getByRole('button', { name: 'Cancel' }).click();
    expect((await given).method()).toBe('POST');
    await page.unroute('**/auth/api-keys');
    await page.keyboard.press('n');
    await open(page).getByLabel('Name').fill('Nightly report');
    await open(page).getByLabel('Access').selectOption('Read only');
    await open(page).getByTestId('save-button').click();
    await page.getByRole('heading', { name: 'Copy your key now' }).waitFor();
    const key = await page.getByTestId('api-key').innerText();
    const api = product.test.anonymous.with({ authorization: `Bearer ${key}` });
    expect((await api.get('/api/v1/projects')).status).toBe(200);
    expect((await api.post('/api/v1/projects', { name: 'x' })).status).toBe(403);
    expect(await violationsOf(page)).toEqual([]);
    // Escape does not take it away.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Done' }).click();
    await eventually(async () => !(await page.content()).includes(key));
    await page.getByTestId('record-row').getByText('Nightly report').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete Nightly report' }).click();
    await page.getByText('No API keys yet').waitFor();
    await page.close();
    await eventually(async () => (await api.get('/api/v1/projects')).status === 401);
  });

  it('says on the page of API keys, before a form is filled in, that the address is to be confirmed', async () => {
    const page = await person.signIn(await product.newUser(), '/console/api-keys');
    await page.getByText('Your email address is not confirmed yet.').waitFor();
    await page.getByRole('button', { name: 'Send it again' }).click();
    await page.getByText('A new mail is on its way.').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('has another name, and is deleted by who owns it', async () => {
    const page = await person.signIn(credentials, '/console/profile');
    await page.getByLabel('Name').fill('Ada King');
    await page.getByTestId('save-button').click();
    await page.locator('[data-sidebar]').getByText('Ada King').waitFor();
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await open(page).getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('Your account is deleted').waitFor();
    expect(await login(credentials.email)).toBe(401);
    expect(person.faults()).toEqual([]);
  });

  it('of others are created, changed and deleted by administrators, who see how the system is', async () => {
    const admin = await product.newUser();
    const users = product.test.connection.collection('users');
    await users.updateOne({ email: admin.email }, { $set: { role: 'admin' } });
    const page = await person.signIn(admin, '/console/users/new');
    const { email, password } = newCredentials();
    const main = page.locator('main');
    await main.getByLabel('Email').fill(email);
    await main.getByLabel('Name').fill('Grace Hopper');
    await main.getByLabel('Password').fill(password);
    await page.getByTestId('save-button').click();
    await page.getByRole('heading', { name: 'Grace Hopper' }).waitFor();
    await main.getByLabel('Role').selectOption('Moderator');
    await main.getByLabel('Disabled').check();
    await page.getByTestId('save-button').click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(await users.findOne({ email })).toMatchObject({ role: 'moderator', disabled: true });
    expect(await violationsOf(page)).toEqual([]);

    await page.goto(`${product.origin}/console/users`);
    await page.getByTestId('search').fill(email.slice(0, -4));
    await page.getByLabel('Role', { exact: true }).selectOption('Moderator');
    await page.getByLabel('Disabled', { exact: true }).selectOption('Yes');
    await page.waitForURL(/(?=.*email=)(?=.*role=moderator)(?=.*disabled=true)/);
    await page.getByRole('row').nth(1).waitFor();
    expect(await page.getByTestId('record-row').count()).toBe(1);
    expect(await page.locator('th', { hasText: 'Last seen' }).count()).toBe(1);
    // As references to users are looked for: by name, and by address.
    await page.evaluate(`import(new URL('combobox.js', document.querySelector('[rel="modulepreload"]').href))
      .then(({ combobox }) => main.append(combobox({ model: 'User' }, { id: 'probe' }).node))`);
    for (const words of ['Hopper', email.slice(0, -4)]) {
      await page.locator('#probe').fill(words);
      await eventually(async () => (await page.locator('#probe-list').innerText()) === 'Grace Hopper');
      await page.locator('#probe').fill('');
      await page.locator('#probe').blur();
    }
    await page.getByRole('link', { name: 'Grace Hopper' }).click();
    await page.getByTestId('delete-button').click();
    await page.getByTestId('confirm-button').click();
    await page.getByText('Grace Hopper deleted').waitFor();
    expect(await users.findOne({ email })).toBeNull();

    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByText('You deleted the user').waitFor();
    await page.getByLabel('Whose', { exact: true }).selectOption('My account and records');
    await page.getByText('You deleted the user').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'System' }).waitFor();
    expect(await page.locator('[data-services] dt').allInnerTexts()).toEqual([
      'Database',
      'Redis',
      'Language model',
    ]);
    expect(await page.locator('.chart').count()).toBe(6);
    expect(await violationsOf(page)).toEqual([]);
    expect(person.faults()).toEqual([]);
  });
});
