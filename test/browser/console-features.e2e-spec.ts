import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { scopeOf, type UserId } from '../../src/platform/access/caller.js';
import type { Records } from '../../src/platform/database/records.js';
import { type Errand, ERRANDS_MODULE } from '../support/errands.js';
import { addToApp } from '../support/nest-lab.js';
import { createProject } from '../support/projects.js';
import type { TestClient } from '../support/test-client.js';
import { addTickets, TICKETS } from '../support/tickets.js';
import type { Credentials } from '../support/users.js';
import { ConsoleTest, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);
addTickets();
addToApp(ERRANDS_MODULE);

describe('the records of features that no page knows', () => {
  let product: ConsoleTest;
  let person: Person;
  let credentials: Credentials;
  /** The same user by the API. */
  let api: TestClient;

  beforeAll(async () => {
    product = await ConsoleTest.start();
  });
  afterAll(() => product.close());

  beforeEach(async () => {
    person = await product.person();
    credentials = await product.newUser();
    api = await product.apiOf(credentials);
  });
  afterEach(() => person.close());

  const rows = (page: Page) => page.getByTestId('record-row');
  const save = (page: Page) => page.getByTestId('save-button').click();

  it('have a list, forms and pages made of its declaration', async () => {
    const project = await createProject(api, { name: 'Shop' });
    const page = await person.signIn(credentials, '/console/trial-tickets/new');
    await page.getByLabel('Title').fill('Wrong currency');
    await page.getByLabel('Status').selectOption('In progress');
    await page.getByLabel('Priority').fill('9');
    await page.getByLabel('Urgent').check();
    await page.getByLabel('Due at').fill('2030-01-31T09:30');
    await page.getByLabel('Reported on').fill('2030-01-30');
    await page.getByLabel('Amount').fill('12.345');
    await page.getByLabel('Currency').fill('EUR');
    await page.getByLabel('Tags').fill('shop\nmoney');
    await page.getByLabel('Project').fill('Sho');
    await page.getByRole('option', { name: 'Shop' }).click();
    await page.getByLabel('Text', { exact: true }).fill('Since Tuesday');
    await page.getByLabel('Street').fill('Main street');
    await page.getByRole('button', { name: 'Edit JSON' }).click();
    await page.locator('[name="metadata"]').fill('{"seen": 3');
    expect(await violationsOf(page)).toEqual([]);
    await save(page);
    await page.getByText('This is no JSON.').waitFor();
    await page.locator('[name="metadata"]').fill('{"seen": 3}');
    await save(page);
    await page.getByText('This must not be greater than 5.').waitFor();
    await page.getByText('This must have at most 2 decimals in EUR.').waitFor();
    await page.getByLabel('Priority').fill('5');
    await page.getByLabel('Amount').fill('12.30');
    await save(page);
    await page.getByRole('heading', { name: 'Wrong currency' }).waitFor();
    expect(await page.getByLabel('Reported on').inputValue()).toBe('2030-01-30');
    expect(await page.getByLabel('Amount').inputValue()).toBe('12.30');
    const [ticket] = (await api.get(TICKETS)).body.data as Record<string, unknown>[];
    expect(ticket).toMatchObject({
      title: 'Wrong currency',
      status: 'in-progress',
      priority: 5,
      urgent: true,
      dueAt: new Date(
        await page.evaluate<string>("new Date('2030-01-31T09:30').toISOString()"),
      ).toISOString(),
      reportedOn: '2030-01-30',
      refund: { amount: '12.30', currency: 'EUR' },
      tags: ['shop', 'money'],
      projectId: project.id,
      text: expect.stringContaining('Since Tuesday'),
      address: { street: 'Main street', number: null },
      metadata: { seen: 3 },
    });

    // Its name is shown, too, where a hundred others are newer.
    const projects = product.test.connection.collection('projects');
    const { _id, ...shop } = (await projects.findOne({ name: 'Shop' })) ?? {};
    await projects.insertMany(Array.from({ length: 100 }, (_, n) => ({ ...shop, name: `Shop ${n}` })));
    await page.getByRole('link', { name: 'Trial tickets' }).first().click();
    await rows(page).waitFor();
    expect(await rows(page).innerText()).toMatch(
      /Wrong currency\s+In progress\s+in 3 years\s+Shop\s+2030-01-30\s+12\.30 EUR/i,
    );
    await page.getByLabel('Status').selectOption('Open');
    await page.getByText('No trial tickets match').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(person.faults(/answer: 400/)).toEqual([]);
  });

  it('go along their ways by buttons, take commands, and show what happened to them', async () => {
    const { body } = await api.get('/api/v1/auth/me');
    const records = product.test.app.get<Records<Errand>>('ErrandRecords', { strict: false });
    const scope = scopeOf(body.data.id as UserId);
    const { _id } = await records.create(scope, { what: 'Sweep', status: 'open' });
    const page = await person.signIn(credentials, `/console/errands/${_id.toHexString()}`);
    const ways = async () =>
      (await page.locator('[data-testid^="to-"]').allInnerTexts()).map((text) => text.trim());
    await page.getByTestId('to-taken').waitFor();
    expect(await ways()).toEqual(['→ Taken', '→ Dropped']);
    expect(await page.getByLabel('Status').count()).toBe(0);
    await page.getByTestId('to-taken').click();
    await page.getByTestId('to-done').waitFor();
    expect(await ways()).toEqual(['→ Done', '→ Open']);
    await page.getByTestId('command-hand-over').click();
    expect(await violationsOf(page)).toEqual([]);
    await page.locator('dialog[open]').getByTestId('save-button').click();
    await page.getByText('Please fill this in.').waitFor();
    await page.locator('dialog[open]').getByLabel('What').fill('Mop');
    await page.locator('dialog[open]').getByTestId('save-button').click();
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.reload();
    const activity = page.getByRole('region', { name: 'Activity' }).getByRole('listitem');
    await activity.first().waitFor();
    expect(await activity.allInnerTexts()).toEqual([
      expect.stringMatching(/^Gave the command Hand over and changed What from Sweep to Mop\n?You · /),
      expect.stringMatching(/^Changed Status from Open to Taken\n?You · /),
      expect.stringMatching(/^Created\n?You · /),
    ]);
    expect(await violationsOf(page)).toEqual([]);
    expect(person.faults()).toEqual([]);
  });
});
