import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { describedInFile } from '../../schematics/specification/file.ts';

const TICKETS = `
feature: tickets
shared: false
fields:
  subject: string:required:search
  status: enum:open,pending:default=open
  site: url   # of the customer
  address:
    type: object:required
    fields:
      street: string:required
  startsOn: day
  endsOn: day:after=startsOn
lists: [status+endsOn]
add:
  - audit
`;

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a feature that a file describes', () => {
  it('is what the command would say', () => {
    expect(describedInFile('ticket.yaml', TICKETS)).toEqual({
      name: 'tickets',
      shared: false,
      fields: [
        'subject:string:required:search',
        'status:enum:open,pending:default=open',
        'site:url',
        'address:object:required',
        'address.street:string:required',
        'startsOn:day',
        'endsOn:day:after=startsOn',
      ],
      lists: ['status+endsOn'],
      add: ['audit'],
    });
  });

  it.each([
    ['', 'ticket.yaml does not describe a feature'],
    ['fields: {}', 'ticket.yaml does not name the feature'],
    ['feature: tickets', 'ticket.yaml has no fields'],
    [
      'feature: ticket\nfields:\n  a: string',
      'ticket.yaml:1: "ticket" is not the plural of anything: say tickets',
    ],
    [TICKETS.replace('url', 'ur'), 'ticket.yaml:7: site has the unknown type "ur"'],
    [
      TICKETS.replace('street: string', 'street: strin'),
      'ticket.yaml:11: street has the unknown type "strin"',
    ],
    [TICKETS.replace('    type: object:required\n', ''), 'ticket.yaml:8: address has no type'],
    [
      TICKETS.replace('type:', 'kind:'),
      'ticket.yaml:9: "kind" is nothing that a field has; there are type and fields',
    ],
    [TICKETS.replace('shared: false', 'shared: perhaps'), 'ticket.yaml:3: shared is true or false'],
    [
      TICKETS.replace('after=startsOn', 'after=begin'),
      'ticket.yaml:13: endsOn has after=begin, and there is no field begin',
    ],
    [
      TICKETS.replace('[status+endsOn]', '[nothing]'),
      'ticket.yaml:14: --list nothing names nothing, which is not a field',
    ],
    [
      TICKETS.replace('- audit', '- fly'),
      'ticket.yaml:16: "fly" is nothing that can be added; there are audit, webhooks',
    ],
    [
      TICKETS.replace('[status+endsOn]', 'endsOn'),
      'ticket.yaml:14: write lists as a list, such as lists: [status+dueAt]',
    ],
    [TICKETS.replace('lists', 'list'), 'ticket.yaml:14: "list" is nothing that a feature has'],
    [`${TICKETS}\nfeature: others`, 'ticket.yaml:18: Map keys must be unique'],
    [TICKETS.replace('  site: url', '  site: [url'), /^ticket\.yaml:\d+: /],
    [`${TICKETS}\n---\nfeature: others`, 'ticket.yaml:18: a file describes one feature'],
    [
      TICKETS.replace('      street: string:required\n', ''),
      'ticket.yaml:10: the fields of address are a map, such as street: string',
    ],
  ])('is refused by line: %#', (text, message) => {
    expect(() => describedInFile('ticket.yaml', text)).toThrow(message);
  });

  it('is refused by the command before anything is planned', () => {
    const folder = mkdtempSync(join(tmpdir(), 'product-specification-'));
    try {
      const file = join(folder, 'ticket.yaml');
      writeFileSync(file, TICKETS.replace('url', 'ur'));
      const run = (...words: string[]) =>
        spawnSync(process.execPath, ['scripts/schematic.mjs', 'feature', '--from', ...words], {
          encoding: 'utf8',
        });
      const [wrong, missing, both] = [run(file), run(join(folder, 'none.yaml')), run(file, '--shared')];
      expect([wrong.status, wrong.stderr]).toEqual([
        1,
        expect.stringContaining(`${file}:7: site has the unknown type`),
      ]);
      expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('There is no file')]);
      expect([both.status, both.stderr]).toEqual([64, `--shared belongs into ${file}\n`]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is told everything that is wrong at once, and nothing twice', () => {
    const file = `
feature: tickets
fields:
  subject: strin
  address:
    type: object
    fields:
      zip: string:index
      country: country:default=DE
      geo:
        type: object
        fields:
          lat: number
  startsOn: day
  endsOn: day:after=begin
  dueOn: date:after=startsOn
  total2: money:min=1
lists: [subject, startsOn, nothing, 'startsOn:all']
add: [audit, audit, fly]
`;
    const expected = [
      't:4: subject has the unknown type "strin"',
      't:8: address.zip cannot have index',
      't:9: address.country cannot have default=',
      't:10: address.geo',
      't:15: endsOn has after=begin',
      't:16: dueOn cannot have after=startsOn',
      't:17: total2 cannot have min=',
      't:18: --list nothing names nothing',
      't:18: The list startsOn is declared twice',
      't:19: audit is added twice',
      't:19: "fly" is nothing that can be added',
    ];
    const faults = refusalOf(() => describedInFile('t', file)).split('\n');
    expect(faults.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected);
  });
});
