import { describe, expect, it } from '@jest/globals';
import { namesOf } from '../../schematics/naming/names.ts';
import { withoutFields } from '../../schematics/project/less-fields.ts';
import { changedByHand, MANIFEST, recorded } from '../../schematics/project/manifest.ts';
import { changed, type Changes, GONE, type Project } from '../../schematics/project/project.ts';
import { withoutFeature } from '../../schematics/project/removal.ts';
import { formatted } from '../../schematics/project/format.ts';
import {
  format,
  onDisk,
  planCommand,
  planExecutor,
  planFeature,
  planFields,
  planRenaming,
  planStates,
} from './planning.ts';

const ADDED = planFeature('trial-bills number:string:required:unique scan:file --add=batch --add=trash');
const GROWN = new Map([
  ...ADDED,
  ...planExecutor('trial-bills remind --route', ADDED),
  ...planFields('trial-bills currency:string:required:existing=EUR', ADDED),
]);

/** A project with these changes, in which people have written some more. */
const having = (...changes: Changes[]): Project =>
  changed(onDisk, new Map(changes.flatMap((each) => [...each])));
const remove = (project: Project, drop = false) => withoutFeature(project, namesOf('trial-bills'), drop);

describe('a feature that is taken out', () => {
  it('takes along everything that it came with, but its migration, and says where its records are', async () => {
    const config = new Map([
      ['src/modules/trial-bills/trial-bill.config.ts', 'export class BillConfig {}\n'],
    ]);
    const { changes, notes } = remove(having(GROWN, config));
    const after = changed(having(GROWN), changes);
    const filesOf = (project: Project) => ['src', 'test'].flatMap((folder) => project.filesIn(folder));
    const before = new Set(filesOf(onDisk));
    expect(filesOf(after).filter((path) => !before.has(path))).toEqual([
      expect.stringMatching(/^src\/migrations\/\d{14}-trial-bill-currency\.ts$/),
    ]);
    const modules = await formatted('.', 'src/app.module.ts', after.read('src/app.module.ts') ?? '');
    expect(modules).toBe(onDisk.read('src/app.module.ts'));
    expect(notes).toEqual([
      'Files that only its records refer to are removed after a day.',
      'It had environment variables of its own: npm run configuration updates their documentation.',
      expect.stringMatching(/^The stored records stay in the collection trial_bills, .*--remove --drop`/),
    ]);
  });

  it('takes along what it has stored by a migration with a test, at once or later', () => {
    const record = recorded(onDisk, 'feature', ['trial-bills', 'number:string'], ADDED);
    const later = having(new Map([[MANIFEST, record]]));
    for (const project of [having(GROWN), later]) {
      const { changes, notes } = remove(project, true);
      const written = [...changes].filter(([path, text]) => text !== GONE && path !== 'src/app.module.ts');
      expect(written.map(([path]) => path)).toEqual([
        expect.stringMatching(/^src\/migrations\/\d{14}-drop-trial-bills\.ts$/),
        'test/migrations-drop-trial-bills.e2e-spec.ts',
      ]);
      const dropped =
        project === later ? "dropCollection('trial_bills')" : "of ['trial_bills', 'trial_bills_trash']";
      expect(written[0]?.[1]).toContain(dropped);
      expect(notes.at(-1)).toMatch(/^A migration deletes the collection trial_bills/);
    }
  });

  it.each([
    ['src/modules/trial-payments/trial-payment.schema.ts', "@Prop({ ref: 'TrialBill' })", "says 'TrialBill'"],
    [
      'src/modules/trial-payments/trial-payments.service.ts',
      "import type { TrialBill } from '../trial-bills/trial-bill.schema.js';",
      'imports src/modules/trial-bills/trial-bill.schema.ts',
    ],
    ['src/modules/users/roles.ts', "const may = 'trial-bills:read';", "says 'trial-bills:read'"],
    [
      'test/overview.e2e-spec.ts',
      "import { trialBills } from './features/trial-bills.js';",
      'imports test/features/trial-bills.ts',
    ],
    [
      'test/overview.e2e-spec.ts',
      "await ada.get('/api/v1/trial-bills?limit=1');",
      "says '/api/v1/trial-bills?limit=1'",
    ],
  ])('stays where others refer to it: %s with %s', (path, text, said) => {
    expect(() => remove(having(GROWN, new Map([[path, text]])))).toThrow(
      `Other code refers to trial-bills:\n  ${path}: ${said}\nRemove that first`,
    );
  });

  it('is none that nobody has generated', () => {
    expect(() => remove(onDisk)).toThrow('There is no feature trial-bills');
    expect(() => remove(onDisk, true)).toThrow('There is no feature trial-bills');
    expect(() => withoutFeature(onDisk, namesOf('webhooks'), false)).toThrow(
      'webhooks is not a generated feature: test/features/webhooks.ts is missing',
    );
    expect(() => withoutFeature(onDisk, namesOf('projects'), false)).toThrow(
      'Other code refers to projects:\n',
    );
  });
});

describe('a field that is taken out', () => {
  const KEPT = 'trial-bills number:string:required:unique';
  const WHOLE = `${KEPT} subject:string:search status:enum:a,b:default=a:stats dueAt:date photo:image`;
  const LISTED = planFeature(`${WHOLE} --list=status+dueAt --list=number`);
  const STATES = new Map([...LISTED, ...planStates('trial-bills status a>b', LISTED)]);
  const takeOut = (fields: string, changes: Changes, drop = false) =>
    withoutFields(having(changes), namesOf('trial-bills'), fields.split(' '), drop);
  const migrationIn = (changes: Changes) =>
    [...changes].find(([path]) => path.startsWith('src/migrations/'))?.[1];

  it('leaves no trace of its lists, search, counts and states, and says which lists went', async () => {
    const { changes, notes } = takeOut('subject status dueAt photo', STATES);
    const left = new Map([...STATES, ...changes]);
    const [lessened, expected] = await Promise.all([left, planFeature(`${KEPT} --list=number`)].map(format));
    expect([...(lessened ?? [])]).toEqual([...(expected ?? [])]);
    expect(notes).toEqual([
      'The list status+dueAt is removed as well.',
      'Files that only such a field refers to are removed after a day.',
      expect.stringMatching(
        /^The stored values of subject, status, dueAt, photo stay, .*dueAt photo --remove --drop`/,
      ),
    ]);
  });

  it('is no longer stored by a command, which says that it still takes it', async () => {
    const first = planCommand('trial-bills approve reason:text sum:money --to=status=b', STATES);
    const withCommand = new Map([...STATES, ...first]);
    const { changes, notes } = takeOut('reason status', withCommand);
    const after = await format(new Map([...withCommand, ...changes]));
    const service = after.get('src/modules/trial-bills/trial-bill-commands.service.ts');
    expect(service).toContain('const change = { sum: dto.sum };');
    expect(after.get('test/features/trial-bills.ts')).not.toMatch(/status|\bto: /);
    expect(notes[0]).toMatch(
      /^The command approve still takes reason, and no longer stores it: .*\/approve-trial-bill\.dto\.ts/,
    );
    const rest = takeOut('reason status sum', withCommand).changes;
    expect(rest.get('src/modules/trial-bills/trial-bill-commands.service.ts')).toMatch(
      /_dto: ApproveTrialBillDto.*const change = \{\s*\};/s,
    );
  });

  it('takes along what is stored of it by a migration with a test, at once or later', () => {
    const at = takeOut('dueAt', LISTED, true).changes;
    expect(migrationIn(at)).toContain("await removeFields(context, 'trial_bills', ['dueAt']);");
    expect(at.get('test/migrations-remove-trial-bill-due-at.e2e-spec.ts')).toContain("removed: ['dueAt']");
    const lessened = new Map([...LISTED, ...takeOut('dueAt', LISTED).changes]);
    const record = recorded(onDisk, 'field', ['trial-bills', 'dueAt', '--remove'], lessened);
    const later = takeOut('dueAt', new Map([...lessened, [MANIFEST, record]]), true);
    expect([...later.changes.keys()]).toEqual([
      expect.stringMatching(/^src\/migrations\/\d{14}-remove-trial-bill-due-at\.ts$/),
      'test/migrations-remove-trial-bill-due-at.e2e-spec.ts',
    ]);
  });

  it('takes along what is stored of it in the trash, as every migration does', () => {
    const kept = planFeature(`${WHOLE} --add=trash`);
    for (const changes of [
      takeOut('dueAt', kept, true).changes,
      planFields('trial-bills currency:string:required:existing=EUR', kept),
      planRenaming('trial-bills dueAt:payBy', kept).changes,
    ])
      expect(migrationIn(changes)).toContain(
        "for (const collection of ['trial_bills', 'trial_bills_trash']) {",
      );
  });

  it('takes along the tests of migrations that gave it, and no others', () => {
    const grown = new Map([
      ...LISTED,
      ...planFields('trial-bills currency:string:required:existing=EUR', LISTED),
    ]);
    const whole = new Map([...grown, ...planFields('trial-bills level:integer:default=1', grown)]);
    const { changes } = takeOut('currency', whole);
    const gone = [...changes].filter(([, text]) => text === GONE).map(([path]) => path);
    expect(gone).toEqual(['test/migrations-trial-bill-currency.e2e-spec.ts']);
  });

  it('brings a migration where its index or its words would be in the way', () => {
    expect(migrationIn(takeOut('number', LISTED).changes)).toContain(
      "await removeIndexes(context, 'trial_bills', ['number']);",
    );
    const searched = planFeature('trial-bills number:string:search subject:text:search');
    expect(migrationIn(takeOut('subject', searched).changes)).toContain(
      "await setListKeys(context, 'trial_bills', { searched: ['number'] });",
    );
    expect(migrationIn(takeOut('subject', LISTED).changes)).toBeUndefined();
  });

  it.each([
    ['number paidAt', KEPT, 'trial-bills has no field paidAt'],
    ['number number', KEPT, 'number is named twice'],
    ['number', KEPT, 'trial-bills would have no fields left: npm run feature -- trial-bills --remove'],
    ['number:string', KEPT, '--remove takes names: write number, not number:string'],
    [
      'a.b',
      'trial-bills a:object a.b:day a.c:day',
      'a.b is a field of an object: take it out of the two files',
    ],
    ['aOn', 'trial-bills aOn:day bOn:day:after=aOn', 'bOn must be later than aOn: remove both'],
  ])('is refused: %s of %s', (fields, command, message) => {
    expect(() => takeOut(fields, planFeature(command))).toThrow(message);
  });

  it('is refused where an index by hand has another field as well', () => {
    const schema = 'src/modules/trial-bills/trial-bill.schema.ts';
    const index = 'TrialBillSchema.index({ ownerId: 1, dueAt: 1, number: 1 });\n\nexport const trialBills';
    const text = LISTED.get(schema)?.replace('export const trialBills', index) ?? '';
    expect(() => takeOut('dueAt', new Map([...LISTED, [schema, text]]))).toThrow(
      'There is an index of ownerId, dueAt, number: remove dueAt from it first',
    );
  });
});

describe('the manifest', () => {
  it('tells what people have written or changed from what commands have', () => {
    const service = 'src/modules/trial-bills/trial-bills.service.ts';
    const first = new Map([...ADDED, [MANIFEST, recorded(onDisk, 'feature', ['trial-bills'], ADDED)]]);
    const paths = [...ADDED.keys()].filter((path) => path !== 'src/app.module.ts');
    const byHand = (...changes: Changes[]) =>
      changedByHand(having(first, ...changes), [...paths, 'src/own.ts']);
    expect(byHand()).toEqual(['src/own.ts']);
    const edited = new Map([[service, `${ADDED.get(service)}// by hand\n`]]);
    expect(byHand(edited)).toEqual([service, 'src/own.ts']);
    // What another command adds to it makes it none of the commands' own.
    const project = having(first, edited);
    const more = new Map([[service, `${project.read(service)}// generated\n`]]);
    const second = new Map([...more, [MANIFEST, recorded(project, 'field', ['trial-bills'], more)]]);
    expect(byHand(second)).toEqual([service, 'src/own.ts']);
  });
});
