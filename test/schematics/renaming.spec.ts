import { describe, expect, it } from '@jest/globals';
import { MANIFEST, recorded } from '../../schematics/project/manifest.ts';
import { type Changes, GONE } from '../../schematics/project/project.ts';
import { typeFaults } from '../support/type-check.ts';
import {
  format,
  onDisk,
  planCommand,
  planFeature,
  planFields,
  planRemoval,
  planRenaming,
  planStates,
} from './planning.ts';

const together = (...changes: Changes[]): Changes => new Map(changes.flatMap((each) => [...each]));
const isMigration = (path: string) => path.includes('migrations');

/** A feature with lists, states and a command, whose fields are called so. */
function planned([number, subject, kind, opensOn, reason, place, parts]: readonly string[]): Changes {
  const objects = `${place}:object:required ${place}.street:string:required ${place}.sort:enum:a,b ${parts}:object:list ${parts}.sku:string`;
  const fields = `${number}:string:required:unique ${subject}:text:search ${kind}:enum:a,b:default=a:stats ${opensOn}:day endsOn:day:after=${opensOn} photo:image ${objects}`;
  const feature = planFeature(`trial-bills ${fields} --list=${kind}+${opensOn} --list=${number}`);
  const states = together(feature, planStates(`trial-bills ${kind} a>b`, feature));
  const command = `trial-bills approve byId:ref:users:required ${reason}:text --to=${kind}=b`;
  return together(states, planCommand(command, states));
}

const OLD = ['number', 'subject', 'kind', 'startsOn', 'reason', 'place', 'parts'];
const NEW = ['code', 'title', 'mode', 'opensOn', 'grounds', 'homeAddress', 'lines'];
const PAIRS = OLD.map((name, index) => `${name}:${NEW[index]}`).join(' ');

describe('a field that gets another name', () => {
  it('has it as if it had never had another one: lists, search, counts, states, rules and commands', async () => {
    const before = planned(OLD);
    const { changes, notes } = planRenaming(`trial-bills ${PAIRS}`, before);
    const [renamed, expected] = await Promise.all([together(before, changes), planned(NEW)].map(format));
    const own = [...(renamed ?? [])].filter(([path, text]) => !isMigration(path) && text !== GONE);
    expect(new Map(own)).toEqual(expected);
    expect(notes).toEqual([
      expect.stringMatching(/^A migration renames stored values \(number to code, .*Stop every process/),
      expect.stringMatching(/^Clients send and get the new names/),
      // Nothing that commands have written is left to people.
      expect.stringMatching(/^These comments and texts were reworded:\n(  src.*\n){8}.*: Some grounds$/),
    ]);
  }, 60_000);

  it('brings a migration with a test, and takes along the tests of those that gave it or made keys of it', async () => {
    const feature = planFeature('trial-bills number:string:search kind:enum:a,b');
    const grown = together(feature, planFields('trial-bills currency:string:required:existing=EUR', feature));
    const first = planRenaming('trial-bills number:code kind>phase', grown).changes;
    const [path = '', text] =
      [...(await format(first))].find(([each]) => each.startsWith('src/migrations/')) ?? [];
    expect(path).toMatch(/^src\/migrations\/\d{14}-rename-trial-bill-number-code-kind-phase\.ts$/);
    expect(text).toContain("await renameFields(context, 'trial_bills', { number: 'code', kind: 'phase' });");
    expect(text).toContain("await setListKeys(context, 'trial_bills', { searched: ['code'] });");
    const test = 'test/migrations-rename-trial-bill-number-code-kind-phase.e2e-spec.ts';
    expect(first.get(test)).toContain("{ number: 'code', kind: 'phase' });");
    const second = planRenaming('trial-bills currency:unit code:number', together(grown, first)).changes;
    const gone = [...second].filter(([, each]) => each === GONE).map(([each]) => each);
    expect(gone).toEqual(['test/migrations-trial-bill-currency.e2e-spec.ts', test]);
  });

  it.each([
    ['number', '"number" does not give an old and a new name: write dueAt:payBy, or "dueAt>payBy" in quotes'],
    ['number:code:x', '"number:code:x" does not give an old and a new name'],
    ['paidAt:code', 'trial-bills has no field paidAt'],
    ['number:secret', 'trial-bills has the field secret already'],
    ['number:number', 'number is named twice'],
    ['number:code kind:code', 'code is named twice'],
    ['number:code code:kind', 'code is named twice'],
    ['number:version', 'A field cannot be called version: every record or list has one of that name'],
    ['number:sort', 'A field cannot be called sort'],
    ['number:Code', '"Code" is not a valid field name'],
    ['secret:hidden', 'secret is encrypted, and its stored values are bound to its name: add hidden'],
    ['number.street:road', 'trial-bills has no object number with fields of its own'],
    ['address.zip:code', 'address of trial-bills has no field zip'],
    ['address.street:city', 'address of trial-bills has the field city already'],
    ['address.street:id', 'A field cannot be called id'],
    ['address.street:number.road', 'address.street stays within address: write address.street:<new name>'],
    ['address.street:road address:place', 'address is renamed itself: rename one after the other'],
    ['lines.sku:code number:no', 'Rename the fields of lines and number one after the other'],
  ])('is refused: %s', (pairs, message) => {
    const feature = planFeature(
      'trial-bills number:string kind:enum:a,b secret:string:encrypted address:object address.street:string address.city:string lines:object:list lines.sku:string',
    );
    expect(() => planRenaming(`trial-bills ${pairs}`, feature)).toThrow(message);
  });

  it('has it within an object, too, and nothing else that is called so', async () => {
    const feature = ([street, sort, amount]: readonly string[]) =>
      planFeature(
        `trial-bills ${amount}:money street:string:required place:object place.${street}:string:required place.${sort}:enum:a,b parts:object:list parts.street:day parts.size:integer --add=trash`,
      );
    const before = feature(['street', 'sort', 'amount']);
    const pairs = 'place.street:road place.sort:place.rank amount:sum';
    const { changes, notes } = planRenaming(`trial-bills ${pairs}`, before);
    const both = [together(before, changes), feature(['road', 'rank', 'sum'])];
    const [renamed, expected] = await Promise.all(both.map(format));
    expect(new Map([...(renamed ?? [])].filter(([path]) => !isMigration(path)))).toEqual(expected);
    // The parts of an amount of money are not taken for fields, but where a sample has only one of them.
    expect(notes.at(-1)).toMatch(/nobody can tell[^\n]*\n  test\/features\/trial-bills\.ts:\d+: [^\n]*$/);
    const migrationOf = (written: Changes) =>
      [...written].find(([path]) => path.startsWith('src/migrations/'))?.[1];
    expect(migrationOf(changes)).toContain(
      "renameFields(context, collection, { 'place.street': 'place.road', 'place.sort': 'place.rank', amount: 'sum' })",
    );
    // What is in each item of a list, no operator renames.
    expect(migrationOf(planRenaming('trial-bills parts.size:width', before).changes)).toContain(
      "{ $unsetField: { field: 'size', input: { $mergeObjects: ['$$this', { width: '$$this.size' }] } } }",
    );
  }, 60_000);

  it('is refused where values of another field of that name may be stored still', () => {
    const feature = planFeature('trial-bills number:string note:text');
    const removed = (drop: boolean) => {
      const less = together(feature, planRemoval('trial-bills note', feature, drop));
      const args = ['trial-bills', 'note', '--remove', ...(drop ? ['--drop'] : [])];
      return together(less, new Map([[MANIFEST, recorded(onDisk, 'field', args, less)]]));
    };
    expect(() => planRenaming('trial-bills number:note', removed(false))).toThrow(
      'delete them first with npm run field -- trial-bills note --remove --drop',
    );
    expect(planRenaming('trial-bills number:note', removed(true)).changes.size).toBeGreaterThan(3);
  });
});

describe('code by hand that uses a field', () => {
  const FOLDER = 'src/modules/trial-bills';
  const TEST = 'test/trial-bills-numbers.e2e-spec.ts';
  const OWN = {
    [`${FOLDER}/trial-bill-texts.ts`]: `import { PickType } from '@nestjs/swagger';
import type { Change } from '../../platform/database/record.js';
import { CreateTrialBillDto } from './trial-bill.dto.js';
import { TRIAL_BILL_KINDS, type TrialBill, type TrialBillKind, trialBills } from './trial-bill.schema.js';

export class ShortTrialBillDto extends PickType(CreateTrialBillDto, ['number']) {}

export function closed({ number, ...others }: TrialBill): Change<TrialBill> & { readonly rest: unknown } {
  const kind: TrialBillKind = TRIAL_BILL_KINDS[0]; // The first Kind there is.
  return { number: number.trim(), kind, rest: others };
}

export function told(bill: Pick<TrialBill, 'number' | 'kind'>, mail: { number: string }): string {
  const sent = { number: bill.number, mail };
  return \`\${bill.number} \${bill['kind']} \${mail.number} \${sent.number} \${trialBills.taken.number.code}\`;
}
`,
    'src/modules/trial-rates/trial-rate-bills.ts': `import { told } from '../trial-bills/trial-bill-texts.js';

export const text = (bill: Parameters<typeof told>[0]): string => told({ ...bill, number: 'A', kind: 'a' }, { number: '1' });
`,
    [TEST]: `export async function numbers(post: (path: string, body: unknown) => Promise<{ body: any }>): Promise<unknown> {
  const { body } = await post('/api/v1/trial-bills?sort=-number', { number: 'A' });
  return [body.data.number, body.code === 'TRIAL_BILL_NUMBER_TAKEN', 'the number of it'];
}
`,
  };

  it('follows by its types, and is listed where it has none', async () => {
    const feature = planFeature('trial-bills number:string:required:unique kind:enum:a,b:default=a:index');
    const before = together(feature, new Map(Object.entries(OWN)));
    const { changes, notes } = planRenaming('trial-bills number:code kind:mode', before);
    const after = await format(together(before, changes));
    expect(after.get(`${FOLDER}/trial-bill-texts.ts`)?.split('\n\n').slice(1)).toEqual([
      "export class ShortTrialBillDto extends PickType(CreateTrialBillDto, ['code']) {}",
      `export function closed({
  code: number,
  ...others
}: TrialBill): Change<TrialBill> & { readonly rest: unknown } {
  const kind: TrialBillMode = TRIAL_BILL_MODES[0]; // The first Kind there is.
  return { code: number.trim(), mode: kind, rest: others };
}`,
      `export function told(bill: Pick<TrialBill, 'code' | 'mode'>, mail: { number: string }): string {
  const sent = { number: bill.code, mail };
  return \`\${bill.code} \${bill['mode']} \${mail.number} \${sent.number} \${trialBills.taken.code.code}\`;
}
`,
    ]);
    expect(after.get('src/modules/trial-rates/trial-rate-bills.ts')).toContain(
      "told({ ...bill, code: 'A', mode: 'a' }, { number: '1' })",
    );
    expect(after.get(TEST)).toContain("'TRIAL_BILL_CODE_TAKEN'");
    expect(typeFaults(after)).toEqual([]);
    expect(notes.at(-2)).toMatch(
      /^These comments and texts have the words of an old name.*\n.*trial-bill-texts\.ts:9: .*Kind there is\.$/,
    );
    const listed = notes.at(-1)?.split('\n  ') ?? [];
    expect(listed.map((line) => line.replace(/^\S+\/([\w.-]+:\d+): .*$/, '$1'))).toEqual([
      expect.stringMatching(/^These places name something of an old name, and nobody can tell/),
      'trial-bill-texts.ts:13',
      'trial-bill-texts.ts:14',
      'trial-bills-numbers.e2e-spec.ts:2',
      'trial-bills-numbers.e2e-spec.ts:3',
    ]);
  }, 60_000);
});
