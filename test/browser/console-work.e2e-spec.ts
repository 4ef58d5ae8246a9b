import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { scopeOf, type UserId } from '../../src/platform/access/caller.js';
import { Executor, NoInput } from '../../src/platform/executions/executor.js';
import { fail } from '../../src/platform/executions/run.js';
import { Schedule } from '../../src/platform/executions/schedule.js';
import { addExecutors, EngineLab, script, type ScriptDto } from '../support/executions.js';
import { PNG } from '../support/forms.js';
import { addressOf, newMember, newOrganization, within } from '../support/organizations.js';
import { Receiver } from '../support/receiver.js';
import { PASSWORD } from '../support/test-client.js';
import { type Credentials, registerVerified } from '../support/users.js';
import { sentencesIn } from './activity-sentences.js';
import { ConsoleTest, isWiderThanScreen, type Person, violationsOf } from './console.js';

jest.setTimeout(60_000);

const KIB = 1024;
@Schedule('0 3 * * *', { timeZone: 'Europe/Berlin' })
@Executor({ type: 'lab.nightly', input: NoInput })
class Nightly {
  execute(): Promise<string> {
    return Promise.resolve('tidied');
  }
}

describe('what the console shows of work, files and webhooks', () => {
  let product: ConsoleTest;
  let receiver: Receiver;
  let takeBack: () => void;
  let lab: EngineLab;
  let person: Person;
  let user: Credentials & { readonly id: string };

  beforeAll(async () => {
    takeBack = addExecutors(Nightly);
    receiver = await Receiver.start();
    const { port } = new URL(receiver.at('/'));
    product = await ConsoleTest.startNamed(() =>
      Promise.resolve({ OUTBOUND_ALLOW: `127.0.0.1:${port}`, FILES_MAX_BYTES: String(64 * KIB) }),
    );
    lab = EngineLab.of(product.test);
  });
  afterAll(async () => {
    await product.close();
    receiver.close();
    takeBack();
  });

  beforeEach(async () => {
    person = await product.person();
    user = await registerVerified(product.test);
  });
  afterEach(() => person.close());

  const started = (input: ScriptDto) => lab.start(input, { scope: scopeOf(user.id as UserId) });

  /** In both colours, on a wide screen and on a phone. */
  async function expectGoodManners(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      // The colours of the other scheme are drawn first.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
      expect(await violationsOf(page)).toEqual([]);
    }
    const wide = page.viewportSize();
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await isWiderThanScreen(page)).toBe(false);
    expect(await violationsOf(page)).toEqual([]);
    if (wide) await page.setViewportSize(wide);
  }

  it('an execution is followed to its end, without anything being asked for again', async () => {
    const gate = Promise.withResolvers<void>();
    const { id } = await started(
      script(async (run) => {
        await run.step('count', () => Promise.resolve(3));
        run.progress(1, 3, 'lines read');
        await run.step('read', () => gate.promise);
        return { lines: 3 };
      }),
    );
    await lab.until(id, 'running');
    const page = await person.signIn(user, `/console/executions/${id}`);
    await page.getByText('1 of 3 lines read').waitFor();
    expect(await page.getByTestId('step').allInnerTexts()).toEqual([
      expect.stringMatching(/^count\s+Succeeded/),
      expect.stringMatching(/^read\s+Running/),
    ]);
    gate.resolve();
    await page.getByRole('heading', { name: 'Result' }).waitFor();
    await page.getByRole('status').getByText('Succeeded').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    await expectGoodManners(page);
    expect(person.faults()).toEqual([]);
  });

  it('one that needs attention is seen on every page, and resolved', async () => {
    const { id } = await started(
      script(async (run) => {
        await run.step('pay', { effect: 'once' }, () => Promise.reject(new Error('cut')));
        return 'paid';
      }),
    );
    await lab.until(id, 'needs-attention');
    const page = await person.signIn(user);
    await page.getByText('One execution needs your attention.').waitFor();
    await page.getByRole('link', { name: 'Executions 1 need attention' }).click();
    await page.getByTestId('attention').getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/status=needs-attention/);
    await expectGoodManners(page);
    await page.getByRole('link', { name: 'lab.play' }).click();
    await page.getByRole('heading', { name: 'What became of “pay”?' }).waitFor();
    await expectGoodManners(page);
    await page.getByLabel('What it came to').fill('{"paid": ');
    await page.getByTestId('resolve-happened').click();
    await page.getByText('This is no JSON.').waitFor();
    await page.getByLabel('What it came to').fill('{"paid": true}');
    await page.getByTestId('resolve-happened').click();
    await page.getByRole('status').getByText('Succeeded').waitFor();
    await page.getByText('"paid"').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('one that failed is tried again, and one that waits is sent what it waits for, or cancelled', async () => {
    let isBroken = true;
    const failing = await started(
      script((run) => run.step('print', () => (isBroken ? fail('No paper') : Promise.resolve(1)))),
    );
    await lab.until(failing.id, 'failed');
    const page = await person.signIn(user, `/console/executions/${failing.id}`);
    await page.getByText('No paper').waitFor();
    isBroken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('status').getByText('Succeeded').waitFor();

    const waits = script((run) => run.waitFor('approval'));
    const [sent, cancelled] = [await started(waits), await started(waits)];
    await lab.until(sent.id, 'waiting');
    await lab.until(cancelled.id, 'waiting');
    await page.goto(`${product.origin}/console/executions/${sent.id}`);
    await page.getByLabel('What to send').fill('{"approved": true}');
    await page.getByTestId('send-signal').click();
    await page.getByText('approved').waitFor();
    await page.goto(`${product.origin}/console/executions/${cancelled.id}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByTestId('confirm-button').click();
    await page.getByRole('status').getByText('Cancelled').first().waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('an administrator sees what starts by itself and when, and starts it now', async () => {
    const users = product.test.connection.collection('users');
    await users.updateOne({ email: user.email }, { $set: { role: 'admin' } });
    const page = await person.signIn(user, '/console/schedules');
    const row = page.getByTestId('record-row').filter({ hasText: 'lab.nightly' });
    await row.getByText('0 3 * * * Europe/Berlin').waitFor();
    await row.getByText('Not yet').waitFor();
    await expectGoodManners(page);
    await row.getByRole('button', { name: 'Run now: lab.nightly' }).click();
    await page.getByRole('heading', { name: 'lab.nightly' }).waitFor();
    await page.getByRole('status').getByText('Succeeded').waitFor();
    expect(person.faults()).toEqual([]);
  });

  it('somebody who only reads in an organization is offered nothing that would be refused', async () => {
    const owner = await product.test.anonymous.signIn();
    const organization = await newOrganization(owner, 'Analytical Engines');
    const { body } = await within(owner, organization).post('/api/v1/projects', { name: 'Ours' });
    const viewer = await newMember(product.test, owner, organization, 'viewer');
    const credentials = { email: await addressOf(viewer), password: PASSWORD };
    const page = await person.signIn(credentials);
    await page.getByTestId('organization-switcher').selectOption({ label: 'Analytical Engines' });
    await page.getByRole('link', { name: 'Ours' }).waitFor();
    const links = await page.locator('[data-nav] a').allInnerTexts();
    const missing = ['API keys', 'Activity', 'Webhooks'].filter((name) => !links.includes(name));
    expect(missing).toEqual(['API keys', 'Activity', 'Webhooks']);
    const offered: string[] = [];
    for (const path of [
      'projects',
      `projects/${body.data.id}`,
      'files',
      'executions',
      'organization',
      `organizations/${organization}`,
    ]) {
      await page.goto(`${product.origin}/console/${path}`);
      await page.locator('main h1:visible').waitFor();
      offered.push(...(await page.locator('main :is(button, .button):visible').allInnerTexts()));
    }
    // Nor at an address that no link leads to.
    for (const path of ['api-keys', 'webhooks', 'status']) {
      await page.goto(`${product.origin}/console/${path}`);
      await page.getByRole('heading', { name: 'Not for your role' }).waitFor();
    }
    // Making an organization of one's own, leaving this one, and looking are allowed.
    expect(offered.filter((text) => text.trim() !== '' && !/^(Copy|Leave)$/.test(text))).toEqual([]);
    expect(person.faults()).toEqual([]);
  });

  it('files are uploaded, refused at their row, shared by a link, and deleted', async () => {
    const page = await person.signIn(user, '/console/files');
    await page.getByTestId('file-input').setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
      { name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(70 * KIB, 'a') },
      { name: 'page.png', mimeType: 'image/png', buffer: Buffer.from('<html><script>alert(1)</script>') },
    ]);
    const refused = (name: string) => page.getByTestId('upload').filter({ hasText: name });
    await refused('large.txt').getByText('larger than this server accepts').waitFor();
    await refused('page.png').getByText('not accepted').waitFor();
    await page.getByTestId('record-row').filter({ hasText: 'notes.txt' }).waitFor();
    await expectGoodManners(page);
    await refused('large.txt').getByRole('button', { name: 'Dismiss' }).click();
    expect(await page.getByTestId('upload').count()).toBe(1);

    await page.getByRole('button', { name: 'Share notes.txt by a link' }).click();
    await page.getByTestId('save-button').click();
    await page.getByText('It works until').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    const link = await page.getByTestId('file-link').innerText();
    expect(await (await fetch(link)).text()).toBe('hello');
    await page.getByRole('button', { name: 'Close' }).click();

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download notes.txt' }).click();
    expect((await download).suggestedFilename()).toBe('notes.txt');
    await page.getByRole('link', { name: 'notes.txt' }).click();
    await page.getByRole('heading', { name: 'notes.txt' }).waitFor();
    expect(await page.locator('.facts > div').allInnerTexts()).toContainEqual(
      expect.stringMatching(/^Size\s+5 bytes$/),
    );
    await page.getByTestId('delete-button').click();
    await page.getByText('No files yet').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByTestId('record-row').filter({ hasText: 'notes.txt' }).waitFor();

    const picture = { name: 'dot.png', mimeType: 'image/png', buffer: PNG };
    await page.getByTestId('file-input').setInputFiles(picture);
    await page.getByRole('link', { name: 'dot.png' }).click();
    await page.getByRole('img', { name: 'dot.png' }).waitFor();
    await page.waitForFunction('document.querySelector(".picture").naturalWidth > 0');
    await expectGoodManners(page);
    expect(person.faults(/answer: 41[35] .*\/files$/)).toEqual([]);
  });

  it('a webhook is made, shows its secret once, is told, paused, and given another secret', async () => {
    const page = await person.signIn(user, '/console/webhooks');
    await page.getByTestId('new-button').click();
    await page.getByTestId('webhook-url').fill('http://10.0.0.1/');
    await page.getByTestId('save-button').click();
    await page.getByText('Choose at least one.').waitFor();
    await page.getByRole('group', { name: 'Users' }).getByLabel('Updated').check();
    await page.getByTestId('save-button').click();
    await page.locator('#webhook-url[aria-invalid]').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByTestId('webhook-url').fill(receiver.at('/console'));
    await page.getByTestId('save-button').click();
    const secret = await page.getByTestId('webhook-secret').innerText();
    expect(secret).toMatch(/^whsec_/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Done' }).click();
    // The list is dimmed until it has the new one.
    await page.locator('main .empty').waitFor({ state: 'hidden' });
    await expectGoodManners(page);

    await page.goto(`${product.origin}/console/profile`);
    await page.getByLabel('Name').fill('Ada Byron');
    await page.getByTestId('save-button').click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.goto(`${product.origin}/console/webhooks`);
    await page.getByTestId('record-row').getByRole('link').click();
    const delivered = page.getByTestId('delivery').getByText('Delivered');
    await page.getByTestId('delivery').waitFor();
    while ((await delivered.count()) === 0) await page.getByRole('button', { name: 'Look again' }).click();
    await expectGoodManners(page);
    await page.getByRole('button', { name: 'Send again: users.updated' }).click();
    await page.getByText('It is sent again').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').getByText('Paused').waitFor();
    await page.getByRole('button', { name: 'New secret' }).click();
    await page.getByTestId('confirm-button').click();
    expect(await page.getByTestId('webhook-secret').innerText()).not.toBe(secret);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('The secret before signs as well').waitFor();

    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('button', { name: /^Details: You changed your name from .+ to Ada Byron$/ }).click();
    await page.locator('.details ins', { hasText: 'Ada Byron' }).waitFor();
    const { said, expected } = await sentencesIn(page);
    expect(said).toEqual(expected);
    await expectGoodManners(page);
    expect(person.faults(/answer: 400 .*\/webhooks$/)).toEqual([]);
  });
});
