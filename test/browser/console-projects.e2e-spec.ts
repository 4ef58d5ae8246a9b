import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { at, createProject, createProjects, PROJECTS, type ProjectJson } from '../support/projects.js';
import type { TestClient } from '../support/test-client.js';
import { LOGIN, type Credentials } from '../support/users.js';
import { ConsoleTest, type Person } from './console.js';
import { PRODUCT } from '../../src/product/product.js';

jest.setTimeout(60_000);

describe('the projects on the dashboard', () => {
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
    const { body } = await product.test.anonymous.post(LOGIN, credentials);
    api = product.test.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
  });
  afterEach(() => person.close());

  const names = (page: Page) => page.getByTestId('project').locator('.row-title').allInnerTexts();
  const stored = async () => (await api.get(PROJECTS)).body.data as ProjectJson[];
  const open = (page: Page, action: 'Edit' | 'Delete', name: string) =>
    page.getByRole('button', { name: `${action} ${name}` }).click();

  it('begin with an invitation, and are created, changed and deleted', async () => {
    const page = await person.signIn(credentials);
    await page.getByText('No projects yet').waitFor();
    await page.getByRole('button', { name: 'Create a project' }).click();
    await page.getByTestId('project-name').fill('Relaunch');
    await page.getByLabel('Description').fill('By spring');
    await page.getByTestId('save-project').click();
    await page.getByText('Project created').waitFor();
    expect(await names(page)).toEqual(['Relaunch']);

    await open(page, 'Edit', 'Relaunch');
    await page.getByTestId('project-name').fill('Relaunch 2');
    await page.getByLabel('Description').fill('');
    await page.getByTestId('save-project').click();
    await page.getByText('Project saved').waitFor();
    expect(await stored()).toMatchObject([{ name: 'Relaunch 2', description: null, version: 2 }]);

    await open(page, 'Delete', 'Relaunch 2');
    expect(await stored()).toHaveLength(1);
    await page.getByTestId('confirm-delete').click();
    await page.getByText('No projects yet').waitFor();
    expect(await stored()).toEqual([]);
    expect(person.faults()).toEqual([]);
  });

  it('show what people wrote as text, never as HTML', async () => {
    const name = '<img src=x onerror="document.title=1"> & "quotes"';
    await createProject(api, { name, description: '<script>document.title = 2</script>' });
    const page = await person.signIn(credentials);
    expect(await names(page)).toEqual([name]);
    expect(await page.title()).toBe(`Dashboard · ${PRODUCT.name}`);
    expect(person.faults()).toEqual([]);
  });

  it('say beside the name that it is taken', async () => {
    await createProjects(api, 'One', 'Two');
    const page = await person.signIn(credentials);
    await open(page, 'Edit', 'Two');
    await page.getByTestId('project-name').fill('One');
    await page.getByTestId('save-project').click();
    expect(await page.locator('#name-note.wrong').innerText()).toBe(
      'You have a project of this name already.',
    );
    expect(person.faults(/answer: 409/)).toEqual([]);
  });

  it('tell that somebody changed one meanwhile, and offer the newer state', async () => {
    const project = await createProject(api, { name: 'Plan' });
    const page = await person.signIn(credentials);
    await open(page, 'Edit', 'Plan');
    await api.patch(at(project), { name: 'Plan of Grace', description: 'Hers' });
    await page.getByTestId('project-name').fill('Plan of Ada');
    await page.getByTestId('save-project').click();
    await page.getByText('It is now called “Plan of Grace”.').waitFor();
    expect(await stored()).toMatchObject([{ name: 'Plan of Grace' }]);

    await page.getByRole('button', { name: 'Load the newer state' }).click();
    expect(await page.getByLabel('Description').inputValue()).toBe('Hers');
    await page.getByTestId('project-name').fill('Plan of both');
    await page.getByTestId('save-project').click();
    await page.getByText('Project saved').waitFor();
    expect(await stored()).toMatchObject([{ name: 'Plan of both', description: 'Hers', version: 3 }]);
  });

  it('ask again before one is deleted that somebody changed meanwhile', async () => {
    const project = await createProject(api, { name: 'Old' });
    const page = await person.signIn(credentials);
    await open(page, 'Delete', 'Old');
    await api.patch(at(project), { name: 'New' });
    await page.getByTestId('confirm-delete').click();
    await page.getByText('It was changed elsewhere').waitFor();
    expect(await stored()).toHaveLength(1);
    await page.getByTestId('confirm-delete').click();
    await page.getByText('No projects yet').waitFor();
  });

  it('come page by page', async () => {
    await createProjects(api, ...Array.from({ length: 25 }, (_, n) => `Project ${n}`));
    const page = await person.signIn(credentials);
    expect(await names(page)).toHaveLength(20);
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByText('Project 0', { exact: true }).waitFor();
    expect(await names(page)).toEqual(Array.from({ length: 25 }, (_, n) => `Project ${24 - n}`));
    expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0);
  });

  it('stand beside the sessions, of which others can be ended', async () => {
    const page = await person.signIn(credentials);
    const rows = page.getByTestId('session');
    expect(await rows.count()).toBe(2);
    expect(await rows.first().innerText()).toContain('This device');
    await rows.getByRole('button').click();
    await page.getByText('Session ended').waitFor();
    expect(await rows.count()).toBe(1);
    expect((await api.get(PROJECTS)).status).toBe(401);
  });

  it('stand beside the health of the services', async () => {
    const page = await person.signIn(credentials);
    const services = page.locator('[data-health]');
    expect(await services.locator('dt').allInnerTexts()).toEqual(['Database', 'Redis', 'Language model']);
    expect(await services.locator('[data-state]').innerText()).toBe('All well');
  });
});
