import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { PRODUCT } from '../../src/product/product.js';
import { eventually } from '../support/mails.js';
import { newOrganization } from '../support/organizations.js';
import { at, createProject, createProjects, PROJECTS, type ProjectJson } from '../support/projects.js';
import type { TestClient } from '../support/test-client.js';
import type { Credentials } from '../support/users.js';
import { ConsoleTest, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

const LIST = '/console/projects';

describe('projects in the console', () => {
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
  const names = (page: Page) => rows(page).locator('th').allInnerTexts();
  const stored = async () => (await api.get(PROJECTS)).body.data as ProjectJson[];
  const save = (page: Page) => page.getByTestId('save-button').click();
  const pageOf = ({ id }: Pick<ProjectJson, 'id'>) => `${LIST}/${id}`;

  it('begin with an invitation, and are created, changed and deleted', async () => {
    const page = await person.signIn(credentials, LIST);
    await page.getByText('No projects yet').waitFor();
    expect(await page.getByTestId('search').isVisible()).toBe(false);
    await page.getByTestId('new-button').first().click();
    await page.waitForURL(`**${LIST}/new`);
    await page.getByLabel('Name').fill('Relaunch');
    await page.getByLabel('Description').fill('By spring');
    await save(page);
    await page.getByText('Created Relaunch').waitFor();
    const [project] = await stored();
    expect(new URL(page.url()).pathname).toBe(`${LIST}/${project?.id}`);
    expect(await page.title()).toBe(`Relaunch · ${PRODUCT.name}`);

    await page.getByLabel('Name').fill('Relaunch 2');
    await page.getByLabel('Description').fill('');
    await save(page);
    await page.getByRole('heading', { name: 'Relaunch 2' }).waitFor();
    expect(await stored()).toMatchObject([{ name: 'Relaunch 2', description: null, version: 2 }]);

    await page.getByTestId('delete-button').click();
    await page.getByText('No projects yet').waitFor();
    // Held back, so that it can be undone.
    expect(await stored()).toHaveLength(1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await rows(page).waitFor();
    await page.getByRole('link', { name: 'Relaunch 2' }).click();
    await page.getByTestId('delete-button').click();
    await page.getByText('No projects yet').waitFor();
    // Leaving the page does it at once.
    await page.close({ runBeforeUnload: true });
    await eventually(async () => (await stored()).length === 0);
    expect(person.faults(/failed: DELETE/)).toEqual([]);
  });

  it('show what people wrote as text, never as HTML', async () => {
    const name = '<img src=x onerror="document.title=1"> & "quotes"';
    const project = await createProject(api, { name, description: '<script>document.title = 2</script>' });
    const page = await person.signIn(credentials, LIST);
    expect(await names(page)).toEqual([name]);
    await page.goto(`${product.origin}${pageOf(project)}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(name);
    expect(await page.title()).toBe(`${name} · ${PRODUCT.name}`);
    expect(person.faults()).toEqual([]);
  });

  it('say at the field that its value is taken, and what is missing', async () => {
    await createProjects(api, 'One');
    const page = await person.signIn(credentials, `${LIST}/new`);
    await save(page);
    await page.getByText('Please fill this in.').waitFor();
    await page.getByLabel('Name').fill('One');
    await save(page);
    await page.getByText('Another project has this name already.').waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('name');
    expect(await violationsOf(page)).toEqual([]);
    expect(person.faults(/answer: 409/)).toEqual([]);
  });

  it('create one record for a form, also where the first answer got lost', async () => {
    const page = await person.signIn(credentials, `${LIST}/new`);
    await page.getByLabel('Name').fill('Once');
    await page.route(`**${PROJECTS}`, async (route) => {
      await route.fetch();
      await route.abort();
    });
    await save(page);
    await page.getByText('The server cannot be reached.').waitFor();
    await page.unroute(`**${PROJECTS}`);
    await save(page);
    await page.getByRole('heading', { name: 'Once' }).waitFor();
    expect(await stored()).toHaveLength(1);
  });

  it('merge what somebody else changed, and show both where both changed the same', async () => {
    const project = await createProject(api, { name: 'Plan', description: 'Old' });
    const page = await person.signIn(credentials, pageOf(project));
    await api.patch(at(project), { name: 'Plan of Grace', description: 'Hers' });
    await page.getByLabel('Name').fill('Plan of Ada');
    await save(page);
    await page.getByText('changed elsewhere after you opened it').waitFor();
    // What only she changed is here; what both changed is as it was typed.
    expect(await page.getByLabel('Description').inputValue()).toBe('Hers');
    expect(await page.getByLabel('Name').inputValue()).toBe('Plan of Ada');
    await page.getByText('Changed elsewhere to: Plan of Grace').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(await stored()).toMatchObject([{ name: 'Plan of Grace', version: 2 }]);

    await page.getByRole('button', { name: 'Use theirs' }).click();
    expect(await page.getByLabel('Name').inputValue()).toBe('Plan of Grace');
    await page.getByLabel('Name').fill('Plan of both');
    await save(page);
    await page.getByRole('heading', { name: 'Plan of both' }).waitFor();
    expect(await stored()).toMatchObject([{ name: 'Plan of both', description: 'Hers', version: 3 }]);
  });

  it('are not deleted where somebody changed them meanwhile', async () => {
    const project = await createProject(api, { name: 'Old' });
    await person.context.clock.install();
    const page = await person.signIn(credentials, pageOf(project));
    await api.patch(at(project), { name: 'New' });
    await page.getByTestId('delete-button').click();
    await page.getByText('No projects yet').waitFor();
    await page.clock.runFor(5_100);
    await page.getByText('Old was changed elsewhere meanwhile, so it was not deleted.').waitFor();
    expect(await stored()).toHaveLength(1);
    expect(await names(page)).toEqual(['New']);
  });

  it('come page by page, counted and searched, in an address that shows the same again', async () => {
    await createProjects(api, ...Array.from({ length: 30 }, (_, n) => `Project ${n}`));
    const page = await person.signIn(credentials, LIST);
    await page.getByText('1–25 of 30').waitFor();
    expect(await names(page)).toHaveLength(25);
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText('26–30 of 30').waitFor();
    expect(new URL(page.url()).search).toBe('?page=2');
    await page.reload();
    await page.getByText('26–30 of 30').waitFor();
    await page.getByTestId('search').fill('project 1');
    await page.getByText('1–11 of 11').waitFor();
    expect(new URL(page.url()).search).toBe('?name=project+1');
    await page.getByRole('link', { name: 'Project 10' }).click();
    await page.getByRole('heading', { name: 'Project 10' }).waitFor();
    await page.goBack();
    await page.getByText('1–11 of 11').waitFor();
    await page.getByTestId('search').fill('nothing');
    await page.getByText('No projects match').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText('1–25 of 30').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('are given to an organization that the person writes in, and taken back', async () => {
    const users = product.test.connection.collection('users');
    await users.updateOne({ email: credentials.email }, { $set: { emailVerified: true } });
    await newOrganization(api, 'Analytical Engines');
    const project = await createProject(api, { name: 'Bernoulli numbers' });
    const page = await person.signIn(credentials, `/console/projects/${project.id}`);
    await page.getByTestId('transfer-button').click();
    await page.getByTestId('transfer-owner').selectOption({ label: 'Analytical Engines' });
    expect(await violationsOf(page)).toEqual([]);
    await page.getByTestId('confirm-button').click();
    await page.getByText('Moved Bernoulli numbers to Analytical Engines').waitFor();
    await page.getByText('No projects yet').waitFor();
    await page.getByTestId('organization-switcher').selectOption({ label: 'Analytical Engines' });
    await page.getByRole('link', { name: 'Bernoulli numbers' }).click();
    await page.getByTestId('transfer-button').click();
    await page.getByTestId('confirm-button').click();
    await page.getByText('Moved Bernoulli numbers to My own records').waitFor();
    expect((await stored()).map(({ name }) => name)).toEqual(['Bernoulli numbers']);
    expect(person.faults()).toEqual([]);
  });

  it('that are not there are said to be gone', async () => {
    const page = await person.signIn(credentials, `${LIST}/66f1a0c2e4b0a1b2c3d4e5f6`);
    await page.getByRole('heading', { name: 'Not found' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });
});
