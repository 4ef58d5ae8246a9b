import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { saidIn } from '../../schematics/project/rehearsal.ts';
import { spokenWays } from '../../schematics/specification/states.ts';
import { format, planCommand, planExecutor, planFeature, planStates } from './planning.ts';

const FEATURE =
  'trial-invoices number:string:required status:enum:draft,sent,paid:default=draft kind:enum:a,b kept:enum:c,d:default=c:server';
const SCHEMA = 'src/modules/trial-invoices/trial-invoice.schema.ts';
const SERVICE = 'src/modules/trial-invoices/trial-invoices.service.ts';
const DTO = 'src/modules/trial-invoices/trial-invoice.dto.ts';
const TABLE = 'test/features/trial-invoices.ts';

it('every generator that is a command is in the collection', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const { schematics } = JSON.parse(readFileSync('schematics/collection.json', 'utf8')) as {
    schematics: Record<string, { factory: string; schema: string }>;
  };
  const commands = Object.values(scripts).flatMap((text) => /schematic\.mjs (\w+)$/.exec(text)?.[1] ?? []);
  expect(Object.keys(schematics)).toEqual(commands);
  for (const [name, { factory, schema }] of Object.entries(schematics)) {
    const [file = '', made = ''] = factory.split('#');
    const module = (await import(`../../schematics/${file}`)) as Record<string, unknown>;
    expect([name, typeof module[made], existsSync(`schematics/${schema}`)]).toEqual([name, 'function', true]);
  }
});

describe('states', () => {
  it('are declared, documented, kept by PUT and tested', async () => {
    const planned = planFeature(FEATURE);
    const changes = await format(planStates('trial-invoices status draft>sent>paid sent>draft', planned));
    expect(changes.get(SCHEMA)).toContain(
      "  states: { status: { draft: ['sent'], sent: ['paid', 'draft'], paid: [] } },\n" +
        "  // Further fields that a transition sets, such as `({ to }) => ({ paidAt: to === 'paid' ? new Date() : null })`.\n" +
        '  onTransition: () => ({}),\n});',
    );
    expect(changes.get(SERVICE)).toContain('{ ...withDefaults(dto, DEFAULTS), status: dto.status }');
    expect(changes.get(DTO)).toContain('Goes from draft to sent, from sent to paid or draft.');
    const [, entry = ''] = /^ {4}status: \{(.*?)^ {4}\}/ms.exec(changes.get(TABLE) ?? '') ?? [];
    expect(entry).toContain("states: { draft: ['sent'], sent: ['paid', 'draft'], paid: [] },");
    expect(entry).toContain("value: () => 'draft',\n      accepts: ['draft'],");
  });

  it('are declared again, and of a second field beside the first', async () => {
    const first = new Map([
      ...planFeature(FEATURE),
      ...(await format(planStates('trial-invoices status draft>sent>paid', planFeature(FEATURE)))),
    ]);
    const again = new Map([...first, ...planStates('trial-invoices status draft:paid draft:sent', first)]);
    const both = await format(new Map([...again, ...planStates('trial-invoices kept c>d', again)]));
    const text = both.get(SCHEMA) ?? '';
    expect(text).toContain(
      "states: { status: { draft: ['paid', 'sent'], sent: [], paid: [] }, kept: { c: ['d'], d: [] } },",
    );
    expect(text.match(/onTransition/g)).toHaveLength(1);
    expect(both.get(DTO)).toContain('`draft` by default. Goes from draft to paid or sent.');
    expect(spokenWays({ draft: ['sent', 'paid', 'void'], sent: [] })).toBe(
      'Goes from draft to sent, paid or void.',
    );
    expect(both.get(SERVICE)?.match(/status: dto\.status/g)).toHaveLength(1);
    // What only the server sets is in no body.
    expect(both.get(SERVICE)).not.toContain('dto.kept');
  });

  it.each([
    ['trial-nothings status a:b', /^There is no feature trial-nothings/],
    ['trial-invoices colour a:b', /^trial-invoices has no field colour/],
    ['trial-invoices number a:b', /^number is not an enum/],
    ['trial-invoices kind a:b', /^kind has no default for new records/],
    ['trial-invoices status draft', /^"draft" is not a transition: write "open>pending>closed" in quotes/],
    ['trial-invoices status draft>>sent', /is not a transition/],
    ['trial-invoices status draft>draft', /^draft leads to itself/],
    ['trial-invoices status draft>sent>payed', /^status cannot be payed; there are draft, sent, paid/],
    ['trial-invoices status draft>sent paid>sent', /no transitions lead from there to paid: add one/],
  ])('are refused: %s', (command, message) => {
    expect(() => planStates(command, planFeature(FEATURE))).toThrow(message);
  });
});

describe('a command', () => {
  it('keeps what it takes in fields that only it sets, and stands beside others', async () => {
    const planned = planFeature(FEATURE);
    const first = planCommand(
      'trial-invoices approve approverId:ref:users:required number:string:required',
      planned,
    );
    const before = new Map([...planned, ...first]);
    const second = await format(planCommand('trial-invoices send-back', before));
    const changes = await format(new Map([...before, ...first]));
    expect([...first.keys()].filter((path) => !planned.has(path))).toEqual([
      'src/modules/trial-invoices/approve-trial-invoice.dto.ts',
      'src/modules/trial-invoices/trial-invoice-commands.controller.ts',
      'src/modules/trial-invoices/trial-invoice-commands.service.ts',
    ]);
    expect(changes.get(SCHEMA)).toContain("commands: ['approve'],");
    expect(changes.get(SCHEMA)).toContain('approverId?: Types.ObjectId | null;');
    expect(changes.get(SCHEMA)?.match(/ number/g)).toHaveLength(1);
    const table = second.get(TABLE) ?? '';
    const own = table.slice(table.indexOf('  fields: {'), table.indexOf('  commands: {'));
    expect(own).toMatch(/^ {4}approverId: \{\s+server: true,/m);
    expect(table).toMatch(/^ {4}approve: \{\s+fields: \{\s+approverId: \{\s+required: true,/m);
    expect(table).toContain("'send-back': { fields: {} },");
    expect(second.get(SCHEMA)).toContain("commands: ['approve', 'send-back'],");
    const service = second.get('src/modules/trial-invoices/trial-invoice-commands.service.ts');
    expect(service).toContain("trialInvoices.commands['send-back']");
    expect(service).toContain('const change = { approverId: dto.approverId, number: dto.number };');
    const module = changes.get('src/modules/trial-invoices/trial-invoices.module.ts');
    expect(module).toContain('controllers: [TrialInvoicesController, TrialInvoiceCommandsController],');
  });

  it('stands under the heading of its feature, whatever people have made of that', () => {
    const section = "@ApiSection('trial invoices', 'What is to be paid.', 'work')";
    const planned = planFeature(FEATURE);
    const path = 'src/modules/trial-invoices/trial-invoices.controller.ts';
    const edited = planned.get(path)?.replace(/@ApiSection\(.*\)/, section) ?? '';
    const changes = planCommand('trial-invoices approve', new Map([...planned, [path, edited]]));
    const controller = changes.get('src/modules/trial-invoices/trial-invoice-commands.controller.ts');
    expect(controller).toContain(`${section}\n`);
  });

  it.each([
    ['trial-nothings approve', /^There is no feature trial-nothings/],
    ['trial-invoices Approve', /^"Approve" is not a valid name for a command/],
    ['trial-invoices write', /^a command cannot be called write/],
    ['trial-invoices create', /^a command cannot be called create/],
    ['trial-invoices approve note:text:default=x', /^note cannot have server, unique, default= or existing=/],
    ['trial-invoices approve note:nonsense', /^note has the unknown type/],
    [
      'trial-invoices approve number:integer:required',
      /^number is string in trial-invoices, .* and not integer/,
    ],
    ['trial-invoices approve number:text:required', /^number is string in trial-invoices, .* and not text/],
    ['trial-invoices approve number:string', /^number always has a value .*: write number:string:required$/],
    [
      'trial-invoices approve status:enum:draft,sent:required',
      /^status is enum:draft,sent,paid in trial-invoices/,
    ],
    [
      'trial-invoices approve kind:enum:a,b:list',
      /^kind is enum:a,b in trial-invoices, .* not enum:a,b:list/,
    ],
    ['trial-invoices approve kept:integer', /^kept is enum:c,d in trial-invoices, where it is kept/],
    [
      'trial-invoices approve byId:ref:trial-nobodies',
      /^byId refers to trial-nobodies, and there is no such/,
    ],
  ])('is refused: %s', (command, message) => {
    expect(() => planCommand(command, planFeature(FEATURE))).toThrow(message);
  });

  it('takes records along the ways of states, of those that only the server sets, too', async () => {
    const feature = planFeature(FEATURE.replace('draft,sent,', 'draft,re-sent,'));
    const first = new Map([...feature, ...planStates('trial-invoices status draft>re-sent>paid', feature)]);
    const states = new Map([...first, ...planStates('trial-invoices kept c>d', first)]);
    const settle = 'trial-invoices settle note:text --to=status=paid --to=kept=d';
    const changes = await format(new Map([...states, ...planCommand(settle, states)]));
    expect(changes.get('src/modules/trial-invoices/trial-invoice-commands.service.ts')).toContain(
      "const change = { status: 'paid' as const, kept: 'd' as const, note: dto.note };",
    );
    const table = changes.get(TABLE) ?? '';
    expect(table).toContain("states: { draft: ['re-sent'], 're-sent': ['paid'], paid: [] },");
    expect(table).toContain("states: { c: ['d'], d: [] },");
    expect(table).toMatch(/^ {4}settle: \{\s+to: \{ status: 'paid', kept: 'd' \},/m);
    for (const [to, message] of [
      ['status', /^--to takes a field and one of its states, such as status=closed, not "status"/],
      ['status=paid --to=status=draft', /^--to names status twice/],
      ['status=payed', /^status cannot be payed; there are draft, re-sent, paid/],
      ['status=draft', /^No transition leads to draft, in which status begins: declare one first/],
      ['kind=b', /^kind has no transitions .* npm run state -- trial-invoices kind "a>b"$/],
      ['number=1', /^number is not an enum/],
      ['colour=red', /^trial-invoices has no field colour/],
      ['kept=d kept:enum:c,d:required', /^kept is set by --to kept=d: leave it out/],
    ] as const) {
      expect(() => planCommand(`trial-invoices settle --to=${to}`, states)).toThrow(message);
    }
  });

  it('takes no objects with fields', () => {
    const planned = planFeature(`${FEATURE} at:object at.street:string`);
    const of = (inputs: string) => () => planCommand(`trial-invoices approve ${inputs}`, planned);
    expect(of('at:object at.street:string')).toThrow(/^at\.street is part of an object with fields, which/);
    expect(of('at:object')).toThrow(/^at has fields in trial-invoices: what is in it is part of an object/);
    expect(of('more:object')).not.toThrow();
  });

  it('is refused a second time', () => {
    const planned = planFeature(FEATURE);
    const changes = new Map([...planned, ...planCommand('trial-invoices approve', planned)]);
    expect(() => planCommand('trial-invoices approve', changes)).toThrow(
      'trial-invoices has the command approve already',
    );
  });
});

describe('an executor', () => {
  const EXECUTORS = 'src/modules/trial-invoices/executors';

  it('has an input and a test, and no route unless asked for', async () => {
    const planned = planFeature(FEATURE);
    const changes = await format(planExecutor('trial-invoices remind message:string:required', planned));
    expect([...changes.keys()]).toEqual([
      `${EXECUTORS}/remind.executor.ts`,
      'src/modules/trial-invoices/trial-invoices.module.ts',
      'test/trial-invoices-remind.e2e-spec.ts',
    ]);
    const text = changes.get(`${EXECUTORS}/remind.executor.ts`);
    expect(text).toContain("@Executor({ type: 'trial-invoices.remind', input: RemindTrialInvoicesInput })");
    expect(text).toContain("from '../../../platform/executions/executor.js'");
    expect(changes.get('src/modules/trial-invoices/trial-invoices.module.ts')).toContain(
      'providers: [TrialInvoicesService, RemindTrialInvoices],',
    );
  });

  it('is started for a record by a route, which stands beside others', async () => {
    const planned = planFeature(FEATURE);
    const first = planExecutor('trial-invoices remind channel:enum:mail,phone --route', planned);
    const before = new Map([...planned, ...first]);
    const changes = await format(
      new Map([...before, ...planExecutor('trial-invoices send-back --route', before)]),
    );
    expect(changes.get(SCHEMA)).toContain("permissions: ['read', 'write', 'remind', 'send-back'],");
    const service = changes.get('src/modules/trial-invoices/trial-invoice-executions.service.ts');
    expect(service).toContain('const input = { ...dto, trialInvoiceId: _id.toHexString() };');
    expect(service).toContain('this.executions.start(SendBackTrialInvoice, input, {');
    expect(changes.get(TABLE)).toMatch(/^ {2}starts: \{\s+remind: \{ ?/m);
    expect(changes.get('test/trial-invoices-remind.e2e-spec.ts')).toContain("channel: 'mail' as const");
  });

  it('starts by itself', async () => {
    const planned = planExecutor('trial-invoices close-stale --schedule=@daily', planFeature(FEATURE));
    const text = (await format(planned)).get(`${EXECUTORS}/close-stale.executor.ts`);
    expect(text).toContain("input: NoInput })\n@Schedule('@daily')\nexport class CloseStaleTrialInvoices {");
  });

  it.each([
    ['trial-nothings remind', /^There is no feature trial-nothings/],
    ['trial-invoices Remind', /^"Remind" is not a valid name for an executor/],
    ['trial-invoices remind note:text:search', /^note takes only required, list, min= and max=/],
    ['trial-invoices remind price:decimal', /^price cannot be exact/],
    ['trial-invoices remind --schedule=@daily --route', /^A scheduled executor has no input/],
    ['trial-invoices remind byId:ref:trial-nobodies', /^byId refers to trial-nobodies/],
    ['trial-invoices remind trialInvoiceId:string --route', /^trialInvoiceId is the id of the trial invoice/],
    [
      'trial-invoices remind --schedule=often',
      /^--schedule="often" is not a valid schedule: write five fields/,
    ],
    [
      'trial-invoices remind --schedule=*_*_*_*_*_*',
      /^--schedule="\* \* \* \* \* \*" is not a valid schedule/,
    ],
  ])('is refused: %s', (command, message) => {
    expect(() => planExecutor(command, planFeature(FEATURE))).toThrow(message);
  });

  it('is refused by the sentence of the start, without the traces around it', () => {
    const sentence = "@Schedule('often') above Remind: write five fields";
    const output = (said: string) =>
      `node:internal/run_main:107\n    trigger(\n\n${said}\n    at Schedule (a.js:1)`;
    expect(saidIn(output(`DeclarationError: ${sentence}`))).toBe(sentence);
    expect(saidIn(output('TypeError: odd'))).toContain('TypeError: odd');
  });
});
