import { describe, expect, it } from '@jest/globals';
import { format, onDisk, planFeature, planFields } from './planning.ts';

/** Two specifications of a feature: what it begins with, and the fields that are added later. */
const SPLITS: readonly [string, string, string][] = [
  ['optional fields to required ones', 'invoices number:string:required', 'note:text dueAt:date'],
  [
    'the first optional field',
    'invoices amount:number:required',
    'status:enum:a,b:default=a tags:string:list',
  ],
  ['fields to optional ones', 'invoices note:text', 'more:object number:integer:index:min=1 flag:boolean'],
  ['a unique one', 'invoices name:string', 'email:email:unique code:string:unique'],
  ['a second unique one', 'invoices name:string:required:unique', 'taxNumber:string:unique'],
  ['a first text', 'invoices amount:number', 'title:string reference:string:index'],
  ['a reference', 'invoices name:string', 'projectId:ref:projects parentId:ref:invoices'],
  ['a unique reference to unique fields', 'invoices name:string:unique', 'projectId:ref:projects:unique'],
  ['enums', 'invoices state:enum:a,b', 'kind:enum:c,d sorts:enum:e,f:list'],
  ['rich and encrypted texts', 'invoices name:string', 'body:rich secret:string:encrypted site:url'],
  ['a first filter to a shared feature', 'invoices note:text --shared', 'name:string flag:boolean'],
  [
    'more filters to a shared feature',
    'invoices name:string:required:unique --shared',
    'kind:enum:c,d day:date:unique',
  ],
];

describe('a field that is added later', () => {
  it.each(SPLITS)('gives the files that it gives from the beginning: %s', async (_, before, later) => {
    const [names = '', shared] = before.split(' --');
    const planned = planFeature(before);
    const added = await format(
      new Map([...planned, ...planFields(`${names.split(' ')[0]} ${later}`, planned)]),
    );
    const atOnce = await format(planFeature(`${names} ${later}${shared ? ` --${shared}` : ''}`));
    const isMigration = (path: string) => path.includes('migrations');
    for (const [path, text] of atOnce) expect([path, added.get(path)]).toEqual([path, text]);
    expect([...added.keys()].filter((path) => !isMigration(path)).toSorted()).toEqual(
      [...atOnce.keys()].toSorted(),
    );
  });

  it('brings a migration where the records that are there would lack something', async () => {
    const planned = planFeature('invoices number:string:required');
    const changes = await format(
      planFields(
        'invoices status:enum:a,b:default=a currency:string:required:existing=EUR tags:string:list',
        planned,
      ),
    );
    expect(changes.get('src/migrations/0002-invoice-status-currency-tags.ts'))
      .toBe(`import { type Migration, setWhereMissing } from '../platform/migrations/migration.js';

/** Invoices that were stored before they had these fields. */
export const invoiceStatusCurrencyTags: Migration = {
  name: '0002-invoice-status-currency-tags',
  up: (context) => setWhereMissing(context, 'invoices', { status: 'a', currency: 'EUR', tags: [] }),
};
`);
    expect(changes.get('src/migrations/migrations.ts')).toContain('[userFlags, invoiceStatusCurrencyTags]');
    expect([...changes.keys()]).toContain('test/migrations-invoice-status-currency-tags.e2e-spec.ts');
  });

  it('brings none where they may lack it', () => {
    const paths = [...planFields('projects dueAt:date', new Map()).keys()];
    expect(paths.filter((path) => path.includes('migrations'))).toEqual([]);
  });

  it.each([
    ['projects name:string', /^projects has the field name already/],
    ['invoices paidAt:date', /^There is no feature invoices: .* is missing/],
    ['users nickname:string', /has no longer the shape|is missing/],
    ['projects currency:string:required', /^currency is required, and needs existing=/],
    ['projects code:string:required:unique', /^code cannot be required: there is no value/],
    ['projects parentId:ref:projects:required', /^parentId cannot be required/],
    ['projects ownerId:string', /^A field cannot be called ownerId/],
  ])('is refused: %s', (command, message) => {
    expect(() => planFields(command, new Map())).toThrow(message);
  });
});

describe('a feature', () => {
  it.each([
    ['projects name:string', /^There is a feature projects already: src\/modules\/projects/],
    ['users name:string', /^There is a feature users already/],
    ['api-keys name:string', /^There is a feature api-keys already/],
    [
      'counters name:string',
      /^src\/platform\/attempts\/counter\.schema\.ts has the collection counters already/,
    ],
    ['invoices', /^invoices needs a field at least/],
    ['dates name:string', /^"dates" would declare Date, used by the generated code/],
    ['scopes name:string', /would declare Scope, used by the generated code/],
    ['pages name:string', /would declare Page, used/],
    ['classes name:string', /would declare class, a word of the language/],
    ['cases name:string', /would declare case, a word of the language/],
    ['invoices schema:enum:a,b', /would declare InvoiceSchema twice/],
    ['invoices name:string:index', /^name cannot have index: lists look for what the first string contains/],
    ['invoices name:string:required:existing=x', /^name cannot have existing=: no records of a new feature/],
    ['invoices payerId:ref:people', /^payerId refers to people, and there is no such feature/],
    ['invoices userId:ref:users', /^userId refers to users, and there is no such feature/],
    [
      'invoices parentId:ref:invoices:required',
      /^parentId cannot be required: there would be no first invoice/,
    ],
  ])('is refused: %s', (command, message) => {
    expect(() => planFeature(command)).toThrow(message);
  });

  it('that is referred to says so from then on', async () => {
    const changes = await format(planFeature('invoices projectId:ref:projects:required'));
    expect(changes.get('src/modules/projects/projects.controller.ts')).toContain(
      "@AnswersMessage('Project deleted', { errors: ['PROJECT_NOT_FOUND', 'IN_USE'] })",
    );
    expect(changes.get('src/modules/projects/projects.service.ts')).toContain(
      '/** @throws ApiError PROJECT_NOT_FOUND, PRECONDITION_FAILED, IN_USE */',
    );
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
