import { refuse } from '../naming/refusal.ts';
import type { Field } from '../types/field.ts';
import { type Feature, filterOf, type List } from './feature.ts';

/** Each costs an index, which every write pays for. */
const MAX_LISTS = 8;

/** What lists can be sorted by beside the fields of a feature. */
const TIMES: ReadonlySet<string> = new Set(['createdAt', 'updatedAt']);

/** Reads `status+priority+dueAt`, and `status+dueAt:all` for one of everybody, too. @throws Refusal */
function parsed(text: string): List {
  const [names = '', all, ...rest] = text.split(':');
  const words = names.split('+');
  const sort = words.at(-1) ?? '';
  if (words.includes('') || rest.length > 0 || (all ?? 'all') !== 'all') {
    refuse(`--list ${text} is not a list: join fields with +, the last of which sorts, as in status+dueAt`);
  }
  if (new Set(words).size !== words.length) refuse(`--list ${text} names a field twice`);
  return { equal: words.slice(0, -1), sort, everybody: all === 'all' };
}

/**
 * Reads the lists of a feature with these fields.
 * @throws Refusal for what no index could serve
 */
export function parseLists(texts: readonly string[], fields: readonly Field[], shared: boolean): List[] {
  if (texts.length > MAX_LISTS) refuse(`A feature has at most ${MAX_LISTS} lists: every write pays for each`);
  const lists = texts.map(parsed);
  const byName = new Map(fields.map((field) => [field.name, field]));
  const known = (name: string, text: string): Field =>
    byName.get(name) ?? refuse(`--list ${text} names ${name}, which is not a field`);
  for (const [index, { equal, sort, everybody }] of lists.entries()) {
    const text = texts[index] ?? '';
    if (everybody && shared)
      refuse(`--list ${text} cannot have :all: the records have no owner, so all of them are listed anyway`);
    for (const name of equal) {
      const field = known(name, text);
      const why = faultOfEqual(field, fields);
      if (why !== undefined) refuse(`--list ${text} cannot be asked for ${name}: ${why}`);
    }
    if (TIMES.has(sort)) continue;
    const field = known(sort, text);
    const why = commonFault(field) ?? (field.type.sorts ? undefined : 'values of its type have no order');
    if (why !== undefined) refuse(`--list ${text} cannot be sorted by ${sort}: ${why}`);
  }
  const spelled = lists.map(({ equal, sort }) => [...equal.toSorted(), sort].join('+'));
  const twice = spelled.find((each, index) => spelled.indexOf(each) !== index);
  if (twice !== undefined) refuse(`The list ${twice} is declared twice`);
  return lists;
}

function commonFault({ list, encrypted }: Field): string | undefined {
  return encrypted ? 'it is encrypted' : list ? 'it has several values' : undefined;
}

function faultOfEqual(field: Field, fields: readonly Field[]): string | undefined {
  if (!field.type.compares) return 'values of its type are too long to be compared';
  if (filterOf(field, fields) === 'contains') return 'lists look for what it contains';
  return commonFault(field);
}

/** The fields, those marked that lists are asked for by value. */
export function withLists(fields: readonly Field[], lists: readonly List[]): Field[] {
  const equal = new Set(lists.flatMap((list) => list.equal));
  return fields.map((field) => (equal.has(field.name) ? { ...field, several: true } : field));
}

/** What lists, searches and counts cost, as the command says it. */
export function costOf({ lists, fields }: Pick<Feature, 'lists' | 'fields'>): string[] {
  const sized = (name: string) => {
    const { type, choices = [] } = fields.find((field) => field.name === name) ?? {};
    if (type?.maxUnits) return 24;
    return choices.length > 0 ? 10 : 9;
  };
  const lines = lists.map(({ equal, sort, everybody }) => {
    const bytes = [...equal, sort].reduce((sum, name) => sum + sized(name), 12 + 13);
    const isTwice = everybody ? 2 : 1;
    return `list ${[...equal, sort].join('+')}: ${isTwice === 2 ? 'two indexes' : 'an index'} of about ${bytes * isTwice} bytes a record, and ${isTwice} more to update with each new record and each change of these fields`;
  });
  const searched = fields.filter(({ search }) => search).map(({ name }) => name);
  if (searched.length > 0) {
    lines.push(
      `search of ${searched.join(', ')}: an index with about 4 entries of 40 bytes for each different word, written with each new record and each change of these texts`,
    );
  }
  for (const { name } of fields.filter(({ stats, index }) => stats && !index)) {
    lines.push(`stats of ${name}: an index of about 45 bytes a record`);
  }
  return lines;
}
