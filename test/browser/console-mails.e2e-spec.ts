import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mailTo, outboxOf } from '../support/mails.js';
import { type Credentials, LOGIN, newCredentials } from '../support/users.js';
import { newOrganization, ORGANIZATIONS } from '../support/organizations.js';
import { ConsoleTest, fillIn, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

const NEW_PASSWORD = 'another horse battery';

describe('the pages that mails lead to', () => {
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

  /** The path and fragment of the link in the newest mail to somebody, of which the page's path begins so. */
  async function linkTo(email: string, page: string): Promise<string> {
    const matching = async () =>
      (await outboxOf(product.test.config)).filter(({ link }) => link.includes(page));
    const { token } = await mailTo(email, matching);
    return `${page}#token=${token}`;
  }
  const idOf = async ({ email, password }: Credentials) =>
    String((await product.test.anonymous.post(LOGIN, { email, password })).body.data.user.id);
  const login = (password: string) =>
    product.test.anonymous.post(LOGIN, { email: credentials.email, password });

  it('let somebody choose a new password, who sees the token nowhere', async () => {
    const page = await person.open('/forgot');
    await page.getByTestId('email').fill(credentials.email);
    await page.getByTestId('forgot-button').click();
    await page.getByTestId('success-message').waitFor();

    const link = await linkTo(credentials.email, '/reset');
    await page.goto(`${product.origin}${link}`);
    await page.waitForURL('**/reset');
    expect(page.url()).toBe(`${product.origin}/reset`);
    await page.getByTestId('password').fill('password123');
    await page.getByTestId('reset-button').click();
    await page.locator('#newPassword-note.wrong').waitFor();
    await page.getByTestId('password').fill(NEW_PASSWORD);
    await page.getByTestId('reset-button').click();
    await page.getByTestId('success-message').waitFor();
    expect([(await login(credentials.password)).status, (await login(NEW_PASSWORD)).status]).toEqual([
      401, 200,
    ]);

    const again = await person.open(link);
    await again.getByTestId('password').fill(NEW_PASSWORD);
    await again.getByTestId('reset-button').click();
    await again.getByTestId('useless-link').waitFor();
    expect(person.faults(/answer: 400/)).toEqual([]);
  });

  it('answer alike for an address that nobody has', async () => {
    const page = await person.open('/forgot');
    await page.getByTestId('email').fill(newCredentials().email);
    await page.getByTestId('forgot-button').click();
    await page.getByTestId('success-message').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('prove an address by a click, not by being opened', async () => {
    const dashboard = await person.signIn(credentials);
    const link = await linkTo(credentials.email, '/verify');
    await dashboard.locator('[data-unverified]').getByRole('link', { name: 'outbox' }).click();
    await dashboard.getByRole('row', { name: /^Verify email Open its link/ }).waitFor();
    // Those to others are not shown.
    expect(await dashboard.getByTestId('record-row').count()).toBe(1);
    await dashboard.goBack();
    await (await person.open(link)).close();
    const page = await person.open(link);
    expect(page.url()).toBe(`${product.origin}/verify`);
    await page.getByTestId('verify-button').click();
    await page.getByTestId('success-message').waitFor();
    await dashboard.reload();
    await dashboard.getByTestId('dashboard').waitFor();
    expect(await dashboard.locator('[data-unverified]').isVisible()).toBe(false);
    expect(person.faults()).toEqual([]);
  });

  it('say that a link without a token is of no use', async () => {
    for (const path of ['/reset', '/verify']) {
      await (await person.open(path)).getByTestId('useless-link').waitFor();
    }
  });

  it('are not needed to change a password that is known', async () => {
    const page = await person.signIn(credentials, '/console/security');
    const other = await product.person();
    await other.signIn(credentials);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByLabel('Current password').fill('wrong');
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Save password' }).click();
    expect(await page.locator('#currentPassword-note.wrong').innerText()).toBe('This is not your password.');
    await page.getByLabel('Current password').fill(credentials.password);
    await page.getByRole('button', { name: 'Save password' }).click();
    await page.getByText('Password changed. You are signed out everywhere else.').waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByTestId('session').waitFor();
    expect(await page.getByTestId('session').count()).toBe(1);
    const elsewhere = await other.open('/dashboard');
    await elsewhere.waitForURL('**/login*');
    await other.close();
  });

  it('lead who is invited to the sign-in, and into the records of the organization', async () => {
    const owner = await product.test.anonymous.signIn();
    const organization = await newOrganization(owner, 'Analytical Engines');
    const invited = await product.newVerifiedUser();
    await owner.post(`${ORGANIZATIONS}/${organization}/invitations`, {
      email: invited.email,
      role: 'member',
    });
    await owner.post('/api/v1/projects', { name: 'Relaunch' }, { 'x-organization-id': organization });

    const page = await person.open(await linkTo(invited.email, '/invitation'));
    await page.getByTestId('sign-in-link').click();
    await fillIn(page, invited);
    await page.getByTestId('login-button').click();
    await page.getByTestId('accept-button').click();
    await page.getByTestId('success-message').waitFor();
    await page.getByRole('link', { name: 'Go to the console' }).click();
    const switcher = page.getByTestId('organization-switcher');
    await switcher.waitFor();
    expect(await switcher.inputValue()).toBe(organization);

    await page.goto(`${product.origin}/console/projects`);
    await page.getByText('Relaunch').first().click();
    await page.getByTestId('record-form').waitFor();
    expect(await violationsOf(page)).toEqual([]);

    await page.goto(`${product.origin}/console/organization`);
    await page.getByTestId('member-row').nth(1).waitFor();
    // A member sees who the others are, and may leave.
    expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await owner.patch(`${ORGANIZATIONS}/${organization}/members/${await idOf(invited)}`, { role: 'admin' });
    await page.reload();
    const email = newCredentials().email;
    await page.getByTestId('invite-email').fill(email);
    await page.getByTestId('invite-button').click();
    await page.getByRole('button', { name: `Withdraw ${email}` }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByTestId('organization-switcher').selectOption('');
    await page.waitForURL('**/dashboard');
    await switcher.waitFor();
    await page.goto(`${product.origin}/console/projects`);
    await page.getByTestId('record-list').waitFor();
    expect(await page.getByText('Relaunch').count()).toBe(0);
    expect(person.faults()).toEqual([]);
  });
});
