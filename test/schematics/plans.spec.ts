import { describe, expect, it } from '@jest/globals';
import { type Changes, GONE } from '../../schematics/project/project.ts';
import { ABILITIES } from '../../schematics/specification/feature.ts';
import { format, onDisk, planAbilities, planFeature, planFields, planRemoval } from './planning.ts';

/** Two specifications of a feature: what it begins with, and the fields that are added later. */
const SPLITS: readonly [string, string, string][] = [
  ['optional fields to required ones', 'trial-invoices number:string:required', 'note:text dueAt:date'],
  [
    'the first optional field',
    'trial-invoices amount:number:required',
    'status:enum:a,b:default=a tags:string:list',
  ],
  [
    'fields to optional ones',
    'trial-invoices note:text',
    'more:object number:integer:index:min=1 flag:boolean',
  ],
  ['a unique one', 'trial-invoices name:string', 'email:email:unique code:string:unique'],
  ['a second unique one', 'trial-invoices name:string:required:unique', 'taxNumber:string:unique'],
  ['a first text', 'trial-invoices amount:number', 'title:string reference:string:index'],
  ['a reference', 'trial-invoices name:string', 'projectId:ref:projects parentId:ref:trial-invoices'],
  [
    'a unique reference to unique fields',
    'trial-invoices name:string:unique',
    'projectId:ref:projects:unique',
  ],
  ['enums', 'trial-invoices state:enum:a,b', 'kind:enum:c,d sorts:enum:e,f:list'],
  [
    'rules between fields',
    'trial-invoices name:string startsOn:day',
    'endsOn:day:after=startsOn checkedOn:day:since=endsOn doneAt:date:after=createdAt',
  ],
  [
    'an object',
    'trial-invoices name:string',
    'address:object address.street:string:required address.kind:enum:a,b',
  ],
  ['rules beside others', 'trial-invoices aOn:day bOn:day:after=aOn', 'cOn:day:since=bOn code:string:unique'],
  ['rich and encrypted texts', 'trial-invoices name:string', 'body:rich secret:string:encrypted site:url'],
  ['a first filter to a shared feature', 'trial-invoices note:text --shared', 'name:string flag:boolean'],
  [
    'more filters to a shared feature',
    'trial-invoices name:string:required:unique --shared',
    'kind:enum:c,d day:date:unique',
  ],
];

describe('what a feature can do besides', () => {
  it('is written alike from the beginning and later, with rich texts of an older release marked', async () => {
    const fields = 'trial-invoices name:string:required:unique body:rich:required';
    const atOnce = await format(
      planFeature(`${fields} ${ABILITIES.map((each) => `--add=${each}`).join(' ')}`),
    );
    const planned = planFeature(fields);
    const older = new Map([...planned].map(([path, text]) => [path, text.replace('rich: true, ', '')]));
    for (const before of [planned, older]) {
      const changes = await format(before);
      const later = await format(planAbilities('trial-invoices', ABILITIES, changes));
      for (const [path, text] of new Map([...changes, ...later])) {
        expect([path, text]).toEqual([path, atOnce.get(path)]);
      }
      expect([...new Set([...changes.keys(), ...later.keys()])].toSorted()).toEqual(
        [...atOnce.keys()].toSorted(),
      );
    }
    expect(() => planAbilities('trial-invoices', ['audit'], atOnce)).toThrow('has audit already');
    expect(() => planAbilities('trial-nothings', ['audit'], atOnce)).toThrow('There is no feature');
  });
});

describe('a field that is added later', () => {
  it.each(SPLITS)('gives the files that it gives from the beginning: %s', async (_, before, later) => {
    const [names = '', shared] = before.split(' --');
    const planned = planFeature(before);
    const added = new Map([...planned, ...planFields(`${names.split(' ')[0]} ${later}`, planned)]);
    const atOnce = planFeature(`${names} ${later}${shared ? ` --${shared}` : ''}`);
    const isMigration = (path: string) => path.includes('migrations');
    // Records of the version before may lack a field that came later; those of a new feature do not.
    const lacking = /^( +\w+: \w+\.\w+) \?\? (?!null,).+,$/gm;
    // Formatting takes most of the time, and changes nothing about texts that are the same.
    const different = (changes: Changes) =>
      format(new Map([...changes].filter(([path]) => added.get(path) !== atOnce.get(path))));
    const [grown, together] = await Promise.all([different(added), different(atOnce)]);
    for (const [path, text] of together) {
      expect([path, grown.get(path)?.replaceAll(lacking, '$1,')]).toEqual([path, text]);
    }
    expect([...added.keys()].filter((path) => !isMigration(path)).toSorted()).toEqual(
      [...atOnce.keys()].toSorted(),
    );
  });

  it.each(SPLITS)('can be taken out as if it had never been there: %s', async (_, before, later) => {
    const [names = '', shared] = before.split(' --');
    const planned = planFeature(before);
    const whole = planFeature(`${names} ${later}${shared ? ` --${shared}` : ''}`);
    const fields = later.split(' ').map((field) => field.split(':')[0] ?? '');
    const own = fields.filter((field) => !field.includes('.'));
    const removed = planRemoval([names.split(' ')[0], ...own].join(' '), whole);
    const left = new Map([...new Map([...whole, ...removed])].filter(([, text]) => text !== GONE));
    const [lessened, expected] = await Promise.all([format(left), format(planned)]);
    for (const [path, text] of lessened) {
      if (!path.includes('migrations')) expect([path, text]).toEqual([path, expected.get(path)]);
    }
    expect([...planned.keys()].filter((path) => !left.has(path))).toEqual([]);
  });

  it('brings a migration where the records that are there would lack something', async () => {
    const planned = planFeature('trial-invoices number:string:required');
    const changes = await format(
      planFields(
        'trial-invoices status:enum:a,b:default=a currency:string:required:existing=EUR tags:string:list',
        planned,
      ),
    );
    const title = 'trial-invoice-status-currency-tags';
    const path = [...changes.keys()].find((each) => each.endsWith(`${title}.ts`)) ?? '';
    const [, time = ''] = /^src\/migrations\/(\d{14})-/.exec(path) ?? [];
    expect(changes.get(path))
      .toBe(`import { type Migration, setWhereMissing } from '../platform/migrations/migration.js';

/** Trial invoices stored before they had these fields. */
export const trialInvoiceStatusCurrencyTags: Migration = {
  name: '${time}-${title}',
  up: (context) => setWhereMissing(context, 'trial_invoices', { status: 'a', currency: 'EUR', tags: [] }),
};
`);
    expect([...changes.keys()]).toContain('test/migrations-trial-invoice-status-currency-tags.e2e-spec.ts');
    const dto = changes.get('src/modules/trial-invoices/trial-invoice.dto.ts');
    expect(dto).toContain("currency: trialInvoice.currency ?? 'EUR',");
    expect(dto).toContain('tags: trialInvoice.tags ?? [],');
  });

  it('brings none where they may lack it', () => {
    const paths = [...planFields('projects trialDueAt:date', new Map()).keys()];
    expect(paths.filter((path) => path.includes('migrations'))).toEqual([]);
  });

  it.each([
    ['projects name:string', /^projects has the field name already/],
    ['trial-invoices paidAt:date', /^There is no feature trial-invoices: .* is missing/],
    ['users nickname:string', /no longer has the generated shape|is missing/],
    ['projects trialCurrency:string:required', /^trialCurrency is required, so it needs existing=/],
    ['projects trialCode:string:required:unique', /^trialCode cannot be required: there is no value/],
    ['projects trialParentId:ref:projects:required', /^trialParentId cannot be required/],
    ['projects trialAt:date:default=now', /^trialAt cannot have default=now here/],
    ['projects trialDay:day:after=name', /both have to be dates/],
    ['projects trialTags:string:list:required', /^trialTags is required, so it needs existing=/],
    ['projects ownerId:string', /^A field cannot be called ownerId/],
    ['projects trialText:search', /^projects has no field trialText; a new one has a type/],
    [
      'projects name:index',
      /^name is there already, and a command can only add search or stats to it: for index/,
    ],
    ['projects name:stats', /^name cannot have stats: values of its type/],
    ['projects metadata:search', /^metadata cannot have search/],
  ])('is refused: %s', (command, message) => {
    expect(() => planFields(command, new Map())).toThrow(message);
  });
});

describe('a feature', () => {
  it.each(['bells', 'claims', 'leases', 'slots', 'failures'])('may be called %s', (plural) => {
    expect(planFeature(`${plural} name:string`).size).toBeGreaterThan(5);
  });

  it.each([
    ['projects name:string', /^There is a feature projects already: src\/modules\/projects/],
    ['users name:string', /^There is a feature users already/],
    ['limits score:integer', /^"limits" would declare LimitsModule, which src\/platform\/limits/],
    [
      'known-devices name:string',
      /would declare KnownDevice, .* already: say which ones they are, as in customer-known-devices$/,
    ],
    ['logins name:string', /^"logins" would declare LoginDto/],
    ['ids name:string', /^"ids" would declare id, used by the generated code/],
    ['api-keys name:string', /^There is a feature api-keys already/],
    [
      'counters name:string',
      /^src\/platform\/limits\/counter\.schema\.ts has the collection counters already/,
    ],
    ['locks name:string', /^src\/platform\/.*\.ts has the collection locks already/],
    ['loose-contents name:string', /^src\/modules\/files\/.*\.ts has the collection loose_contents already/],
    ['trial-invoices', /^trial-invoices needs at least one field/],
    ['dates name:string', /^"dates" would declare Date, used by the generated code/],
    ['scopes name:string', /would declare Scope, used by the generated code/],
    ['pages name:string', /would declare Page, used by the generated code: say which ones they are/],
    ['classes name:string', /would declare class, a word of the language/],
    ['cases name:string', /would declare case, a word of the language/],
    ['trial-invoices schema:enum:a,b', /would declare TrialInvoiceSchema twice/],
    [
      'trial-invoices name:string:index',
      /^name cannot have index: lists look for what the first string contains/,
    ],
    [
      'trial-invoices name:string:required:existing=x',
      /^name cannot have existing=: no records of a new feature/,
    ],
    [
      'trial-invoices payerId:ref:trial-people',
      /^payerId refers to trial-people, and there is no such feature/,
    ],
    [
      'trial-invoices parentId:ref:trial-invoices:required',
      /^parentId cannot be required: there would be no first trial invoice/,
    ],
  ])('is refused: %s', (command, message) => {
    expect(() => planFeature(command)).toThrow(message);
  });

  // Each is the name of a type in src, which nothing but imports know.
  it.each(['devices', 'jobs', 'parts', 'positions', 'entries'])('may be called %s', (name) => {
    expect(planFeature(`${name} title:string`).size).toBeGreaterThan(6);
  });
});

/** What projects say in words of their own, and what the generator says in their place. */
const OWN_WORDS: readonly [string, string][] = [
  [
    "'What users work on. A project belongs to the user who created it.'",
    "'Projects. Each belongs to the user who created it.'",
  ],
  [
    '/** What users work on; the model of every feature. */',
    '/** Projects. Each belongs to the user who created it. */',
  ],
  ["'Website relaunch'", "'Name 1'"],
  ["'New design and a faster shop'", "'Some description'"],
  ["example: 'web'", "example: 'nam'"],
];

describe('projects, the model', () => {
  it('are what the generator makes, but for their own words', async () => {
    const withoutProjects = {
      ...onDisk,
      filesIn: (folder: string) => onDisk.filesIn(folder).filter((path) => !path.includes('project')),
      read: (path: string) => (/project/.test(path) ? undefined : onDisk.read(path)),
    };
    const changes = await format(
      planFeature(
        'projects name:string:required:unique:max=100 description:text:max=500 metadata:object',
        withoutProjects,
      ),
    );
    const files = [...changes.keys()].filter((path) => path.startsWith('src/modules/projects/'));
    expect(files).toHaveLength(5);
    for (const path of files) {
      const spoken = OWN_WORDS.reduce(
        (text, [own, generated]) => text.replaceAll(own, generated),
        onDisk.read(path) ?? '',
      );
      const [made] = (await format(new Map([[path, spoken]]))).values();
      expect([path, made]).toEqual([path, changes.get(path)]);
    }
  });
});
