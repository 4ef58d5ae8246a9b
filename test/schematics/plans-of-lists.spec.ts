import { describe, expect, it } from '@jest/globals';
import type { Changes } from '../../schematics/project/project.ts';
import { format, planFeature, planFields, planLists } from './planning.ts';

/** Specifications of a feature, with lists and flags of fields that are given from the beginning, or later. */
const LISTED: readonly [string, string, string[], string][] = [
  ['a first list', 'trial-tickets subject:string dueAt:date note:text', ['dueAt'], ''],
  [
    'lists by values',
    'trial-tickets subject:string status:enum:a,b:default=a priority:integer:min=1 mail:email flag:boolean done:date:server kind:enum:c,d:server',
    ['status+priority+done:all', 'mail+subject', 'flag+createdAt'],
    '',
  ],
  ['what is shared', 'trial-tickets amount:number:required day:day --shared', ['amount+day'], ''],
  ['one list more', 'trial-tickets amount:number:index dueAt:date --list=dueAt', ['amount+dueAt'], ''],
  ['search and stats', 'trial-tickets subject:string flag:boolean', [], 'subject:search flag:stats'],
  [
    'more search',
    'trial-tickets subject:string:search body:text flag:boolean:stats mine:boolean',
    [],
    'body:search mine:stats',
  ],
  [
    'all of it',
    'trial-tickets subject:string flag:boolean --shared',
    ['flag+subject'],
    'subject:search flag:stats',
  ],
];

describe('a list that is declared later', () => {
  it.each(LISTED)('gives the files that it gives from the beginning: %s', async (_, before, lists, flags) => {
    const words = before.split(' ');
    const planned = planFeature(before);
    let added = new Map(planned);
    if (lists.length > 0) added = new Map([...added, ...planLists('trial-tickets', lists, added)]);
    if (flags !== '') added = new Map([...added, ...planFields(`trial-tickets ${flags}`, added)]);
    const flagsOf = (word: string) =>
      flags
        .split(' ')
        .find((each) => each.split(':')[0] === word.split(':')[0])
        ?.replace(/^\w+/, '') ?? '';
    const flagged = words.map((word, index) => (index > 0 ? word + flagsOf(word) : word));
    const atOnce = planFeature([...flagged, ...lists.map((list) => `--list=${list}`)].join(' '));
    const [grown, together] = await Promise.all([format(added), format(atOnce)]);
    for (const [path, text] of together) expect([path, grown.get(path)]).toEqual([path, text]);
  });

  it('brings a migration where texts sort or are searched, and none elsewhere', async () => {
    const planned = planFeature('trial-tickets subject:string:search status:enum:a,b dueAt:date body:text');
    const migrationOf = async (changes: Changes) => {
      const path = [...changes.keys()].find((each) => each.startsWith('src/migrations/'));
      return path === undefined ? undefined : (await format(changes)).get(path);
    };
    expect(await migrationOf(planLists('trial-tickets', ['status+dueAt'], planned))).toBeUndefined();
    const sorted = planLists('trial-tickets', ['status', 'subject'], planned);
    expect(await migrationOf(sorted)).toMatch(
      /^import \{ type Migration, setListKeys \}[^]*up: \(context\) => setListKeys\(context, 'trial_tickets', \{ sorted: \['status', 'subject'\] \}\),/,
    );
    expect(await migrationOf(planFields('trial-tickets body:search', planned))).toContain(
      "{ searched: ['subject', 'body'] }",
    );
    expect(await migrationOf(planFields('trial-tickets note:string:search', planned))).toBeUndefined();
    expect(await migrationOf(planFields('trial-tickets note:string:default=x:search', planned))).toMatch(
      /await setWhereMissing\(context, 'trial_tickets', \{ note: 'x' \}\);\s+await setListKeys\(context, 'trial_tickets', \{ searched: \['subject', 'note'\] \}\);/,
    );
  });

  it.each([
    [['nothing'], '--list nothing names nothing, which is not a field'],
    [['dueAt'], 'The list dueAt is declared twice'],
    [['subject+dueAt'], 'cannot be asked for subject: lists look for what it contains'],
    [['rate'], '--list rate names rate, whose rules are your own: declare it in the schema by hand'],
    [Array.from({ length: 8 }, () => 'createdAt'), 'at most 8 lists'],
  ])('is refused: %j', (lists, message) => {
    const planned = planFeature('trial-tickets subject:string rate:number dueAt:date --list=dueAt');
    const dto = 'src/modules/trial-tickets/trial-ticket.dto.ts';
    const own = (planned.get(dto) ?? '').replaceAll('@IsNumber', '@IsRate');
    expect(() => planLists('trial-tickets', lists, new Map([...planned, [dto, own]]))).toThrow(message);
  });

  it('is refused where there is no such feature', () => {
    expect(() => planLists('trial-nothings', ['name'], new Map())).toThrow(
      'There is no feature trial-nothings',
    );
  });
});
