import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { newExecutor } from '../../schematics/project/new-executor.ts';
import { newCommand } from '../../schematics/project/new-command.ts';
import { withRenamed } from '../../schematics/project/renamed-fields.ts';
import { withoutFields } from '../../schematics/project/less-fields.ts';
import { moreLists } from '../../schematics/project/more-lists.ts';
import { fieldCommand } from '../../schematics/project/field-command.ts';
import { namesOf } from '../../schematics/naming/names.ts';
import { newPicture } from '../support/feature-bodies.js';
import { everyExisting } from '../schematics/matrix.ts';
import { planFeature } from '../schematics/planning.ts';
import { ProjectCopy } from '../schematics/project-copy.ts';
import { IS_BASE } from '../support/rules.js';
import { IS_SOAK, sampled } from '../support/soak.js';
import { exampleOf, type OpenApi, startMessage, resolve } from '../support/openapi-document.js';
import { testConfig } from '../support/test-app.js';
import { CURRENCIES, expectToPass, matrix, NOTICES, PAYMENTS } from './generated-commands.js';
import { writeExample } from './example-project.js';
import { HttpCaller } from './http-caller.js';
import { RELEASE } from '../../src/product/release.js';
import { Installation } from './server-process.js';

const INVOICES =
  'trial-invoices number:string:required:unique:max=20 amount:number:required:min=0 status:enum:draft,sent,paid:default=draft dueAt:date customerEmail:email tags:string:list notes:text:search remindedAt:date:server --list status+dueAt:all --list amount --add audit,batch,trash,export,import';
const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };
/**
 * The generator as a developer uses it, in a copy of this project: what it writes is built, linted and tested there on
 * a real MongoDB, and then asked by a client.
 */
describe('generated features', () => {
  let copy: ProjectCopy;
  const all = matrix();
  const commands = sampled(all);
  const written = ['trial-invoices', 'trial-payments', 'trial-notices', 'trial-currencies'];
  const plurals = [...written, ...commands.map((command) => command.split(' ')[0] ?? '')];

  beforeAll(() => {
    copy = new ProjectCopy();
  });
  afterAll(() => copy.remove());

  /** `npm run feature -- …` and `npm run field -- …` */
  const generate = (schematic: string, command: string) =>
    copy.run('scripts/schematic.mjs', schematic, ...command.split(' '));

  it('are written by one command, which says what it writes', async () => {
    const { code, output } = await generate('feature', INVOICES);
    expect([code, output]).toEqual([
      0,
      expect.stringContaining('CREATE src/modules/trial-invoices/trial-invoice.schema.ts'),
    ]);
    expect(JSON.parse(copy.text('generated.jsonl'))).toEqual({
      release: RELEASE,
      command: 'feature',
      args: INVOICES.split(' '),
      files: expect.objectContaining({ 'test/features/trial-invoices.ts': expect.any(String) }),
    });
  }, 120_000);

  it('refer to each other', async () => {
    await copy.write(planFeature(PAYMENTS, copy.project));
    expect(copy.text('src/modules/trial-payments/trial-payment.schema.ts')).toContain("ref: 'TrialInvoice'");
  }, 120_000);

  it("are written by Nest's own command, too, with the fields of projects, and not in a dry run", async () => {
    const nest = (...words: string[]) =>
      copy.run('node_modules/@nestjs/cli/bin/nest.js', 'g', 'feature', 'trial-notices', ...words);
    const listed = [0, expect.stringContaining('CREATE src/modules/trial-notices/trial-notice.dto.ts')];
    const before = copy.text('src/app.module.ts');
    const dry = await nest('--dry-run');
    expect([dry.code, dry.output]).toEqual(listed);
    expect(copy.read('src/modules/trial-notices/trial-notice.dto.ts')).toBeUndefined();
    expect(copy.text('src/app.module.ts')).toBe(before);
    if (IS_SOAK) {
      const { code, output } = await nest();
      expect([code, output]).toEqual(listed);
    } else {
      await copy.write(planFeature(NOTICES, copy.project));
    }
    expect(copy.text('src/modules/trial-notices/trial-notice.schema.ts')).toContain('metadata!: Metadata;');
  }, 120_000);

  it('get further fields by another command, with a migration where records need it', async () => {
    const { code, output } = await generate(
      'field',
      'trial-invoices currency:string:required:max=3:existing=EUR paidAt:date',
    );
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/CREATE src\/migrations\/\d{14}-trial-invoice-currency\.ts/),
    ]);
  }, 120_000);

  it('lose fields by another command, with what is stored of them', async () => {
    const names = namesOf('trial-invoices');
    await copy.write(withoutFields(copy.project, names, ['paidAt'], true).changes);
    expect(copy.text('src/modules/trial-invoices/trial-invoice.dto.ts')).not.toContain('paidAt');
  }, 120_000);

  it('get states by another command', async () => {
    const { code, output } = await generate('state', 'trial-invoices status draft>sent>paid sent>draft');
    expect([code, output]).toEqual([
      0,
      expect.stringContaining('UPDATE src/modules/trial-invoices/trial-invoice.schema.ts'),
    ]);
  }, 120_000);

  it('are not written when anything is wrong', async () => {
    const before = copy.text('src/app.module.ts');
    // A base class that is gone: the project does not build with it.
    const record = copy.text('src/platform/database/record.ts');
    await copy.write(
      new Map([['src/platform/database/record.ts', record.replaceAll('OwnedRecord', 'OwnRecord')]]),
    );
    const broken = await generate('feature', 'trial-orders number:string');
    await copy.write(new Map([['src/platform/database/record.ts', record]]));
    expect([broken.code, broken.output]).toEqual([
      1,
      expect.stringContaining("has no exported member named 'OwnedRecord'"),
    ]);
    const refused = await generate('feature', 'trial-orders number:string total:number');
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining('A field cannot be called total: every record or list has one of that name'),
    ]);
    expect(copy.read('src/modules/trial-orders/trial-order.dto.ts')).toBeUndefined();
    expect(copy.text('src/app.module.ts')).toBe(before);
  }, 120_000);

  it('may belong to nobody', async () => {
    await copy.write(planFeature(CURRENCIES, copy.project));
    expect(copy.text('src/modules/trial-currencies/trial-currencies.controller.ts')).toContain(
      '@Requires(trialCurrencies.may.write)',
    );
  }, 120_000);

  it('get commands by another command', async () => {
    const write = (plural: string, command: string, ...inputs: string[]) =>
      copy.write(newCommand(copy.project, namesOf(plural), command, inputs));
    await write('trial-invoices', 'remind', 'byId:ref:users:required', 'reason:text');
    await write('trial-invoices', 'send-back');
    const settle = newCommand(copy.project, namesOf('trial-invoices'), 'settle', [], ['status=paid']);
    await copy.write(settle);
    await write('trial-currencies', 'retire', 'since:day');
    expect(copy.text('test/features/trial-invoices.ts')).toContain("'send-back': { fields: {} },");
  }, 120_000);

  it('give fields other names by another command, with what is stored of them', async () => {
    const pairs = ['notes:remarks', 'dueAt:payBy', 'amount:sum', 'reason:grounds'];
    const { changes, notes } = withRenamed(copy.project, namesOf('trial-invoices'), pairs);
    await copy.write(changes);
    // Nothing that commands have written is left to people.
    const left = notes.filter((note) => !note.startsWith('These comments and texts were reworded'));
    expect(left.join('\n')).not.toMatch(/ (src|test\/features)\/|test\/trial/);
    expect(copy.text('src/modules/trial-invoices/trial-invoice.schema.ts')).toContain("sort: 'payBy'");
    const objects = withRenamed(copy.project, namesOf('trial-payments'), ['payer:debtor', 'parts:items']);
    await copy.write(objects.changes);
    expect(copy.read('src/modules/trial-payments/trial-payment-payer.dto.ts')).toBeUndefined();
  }, 120_000);

  it('get executors by another command', async () => {
    const starts = { route: true, schedule: undefined };
    const names = namesOf('trial-invoices');
    await copy.write(newExecutor(copy.project, names, 'chase', ['channel:enum:mail,phone'], starts));
    // The example, too, may use what a product can do without.
    const byCode = { route: false, schedule: undefined };
    await copy.write(newExecutor(copy.project, namesOf('projects'), 'tell-deleted', [], byCode));
    expect(copy.text('test/trial-invoices-chase.e2e-spec.ts')).toContain(
      'describeExecutor(ChaseTrialInvoice',
    );
  }, 120_000);

  it('are taken out by another command, with what they have stored', async () => {
    const before = copy.text('src/app.module.ts');
    await copy.write(planFeature('trial-visits reason:string photo:image', copy.project));
    const refused = await generate('feature', 'trial-visits --remove');
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining('  test/features/trial-visits.ts\nKeep what you need'),
    ]);
    const { code, output } = await generate('feature', 'trial-visits --remove --drop --force');
    expect([code, output]).toEqual([0, expect.stringContaining('DELETE src/modules/trial-visits/')]);
    expect(existsSync(join(copy.folder, 'src/modules/trial-visits'))).toBe(false);
    expect(copy.text('src/app.module.ts')).toBe(before);
  }, 120_000);

  if (IS_BASE) {
    it('are a helpdesk, by the commands of its page and few lines by hand', async () => {
      expect(await writeExample(copy, 'examples/helpdesk')).toBeLessThanOrEqual(150);
    }, 600_000);
  }

  it('may have every type with every flag', async () => {
    for (const command of commands) await copy.write(planFeature(command, copy.project));
    // Of each type a field that is required, with a value for the records that are there.
    await copy.write(fieldCommand(copy.project, namesOf('trial-notices'), everyExisting()).changes);
    // And lists, which need keys of the texts that are there.
    const wanted = {
      lists: ['name', 'stringLater+createdAt'],
      search: ['name', 'textLater'],
      stats: ['enumLater'],
    };
    await copy.write(moreLists(copy.project, namesOf('trial-notices'), wanted).changes);
    expect(all.length).toBeGreaterThan(5);
    expect(await copy.run('scripts/build.mjs', '--unchecked')).toMatchObject({ code: 0 });
  }, 120_000);

  it('are of the right types, formatted, and please the linter', async () => {
    expect(await copy.run('scripts/typecheck.mjs')).toEqual({
      code: 0,
      output: '',
    });
    expect(await copy.run('node_modules/oxlint/bin/oxlint', '--deny-warnings', 'src', 'test')).toEqual({
      code: 0,
      output: expect.stringContaining('0 warnings and 0 errors'),
    });
    expect(await copy.run('node_modules/oxfmt/bin/oxfmt', '--check', ...copy.changed())).toMatchObject({
      code: 0,
    });
  }, 300_000);

  it('pass their tests, and those of the whole product, on a real MongoDB', async () => {
    await expectToPass(copy, plurals);
  }, 900_000);

  describe('asked by a client', () => {
    let installation: Installation;
    let document: OpenApi;
    let ada: HttpCaller;
    let admin: HttpCaller;

    beforeAll(async () => {
      installation = await Installation.create(copy.folder);
      const { mongodbUri } = testConfig().of(DatabaseConfig);
      const env = { MONGODB_URI: mongodbUri, ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password };
      const anonymous = new HttpCaller((await installation.start(env)).url);
      ada = await anonymous.signIn();
      admin = await anonymous.signIn(ADMIN.email, ADMIN.password);
      document = (await ada.send('GET', '/docs/json')).body as OpenApi;
    }, 60_000);
    afterAll(() => installation.remove());

    /** Creates a record from the example of its operation, with targets that are there. */
    async function create(
      path: string,
      caller: HttpCaller,
    ): Promise<{ id: string; body: Record<string, unknown> }> {
      const operation = document.paths[path]?.['post'];
      const schema = operation?.requestBody?.content['application/json'].schema ?? {};
      const body = exampleOf(document, schema, path) as Record<string, unknown>;
      for (const [name, value] of Object.entries(resolve(document, schema).properties ?? {})) {
        if (/^ref|invoiceId/.test(name)) body[name] = (await create('/api/v1/trial-invoices', caller)).id;
        if (/^(file|image)/.test(name)) body[name] = await newPicture(caller);
        if (name === 'keeperId') body[name] = null;
        if (name === 'number' && value.example !== undefined) body[name] = `N ${Math.random()}`.slice(0, 20);
      }
      const { status, body: answer } = await caller.send('POST', path, body);
      expect([path, status, answer.details]).toEqual([path, 201, undefined]);
      return { id: String(answer.data.id), body };
    }

    it.each(plurals)('%s are created, listed, read, replaced, changed and deleted', async (plural) => {
      const path = `/api/v1/${plural}`;
      const { id, body } = await create(path, admin);
      const at = `${path}/${id}`;
      const places = startMessage(document).filter((place) => place.path.startsWith(path));
      expect(places.filter((place) => [path, `${path}/{id}`].includes(place.path))).toHaveLength(6);
      expect((await admin.send('GET', path)).body.data).toEqual([expect.objectContaining({ id })]);
      expect((await admin.send('GET', at)).body.data).toMatchObject({ id, version: 1 });
      expect((await admin.send('PUT', at, body, { 'if-match': '"1"' })).status).toBe(200);
      expect((await admin.send('PATCH', at, {}, { 'if-match': '"1"' })).status).toBe(412);
      expect((await admin.send('PATCH', at, {}, { 'if-match': '"2"' })).body.data).toMatchObject({
        version: 3,
      });
      expect((await admin.send('DELETE', at)).status).toBe(200);
      expect((await admin.send('GET', at)).status).toBe(404);
    });

    it('an invoice that a payment refers to stays until the payment goes, and is nobody else’s to refer to', async () => {
      const invoice = await create('/api/v1/trial-invoices', ada);
      const other = await create('/api/v1/trial-invoices', admin);
      const refused = await ada.send('POST', '/api/v1/trial-payments', { invoiceId: other.id, amount: 1 });
      expect([refused.status, refused.body.details]).toEqual([
        400,
        [{ path: 'invoiceId', message: 'invoiceId must be the id of a trial invoice that you may read' }],
      ]);
      const payment = await ada.send('POST', '/api/v1/trial-payments', { invoiceId: invoice.id, amount: 1 });
      const at = `/api/v1/trial-invoices/${invoice.id}`;
      expect((await ada.send('DELETE', at)).body).toMatchObject({ code: 'IN_USE' });
      const found = await ada.send('GET', `/api/v1/trial-payments?invoiceId=${invoice.id}`);
      expect(found.body.data).toHaveLength(1);
      await ada.send('DELETE', `/api/v1/trial-payments/${String(payment.body.data.id)}`);
      expect((await ada.send('DELETE', at)).status).toBe(200);
    });
  });
});
