import type { Names } from '../naming/names.ts';
import { refuse, unlessRefused } from '../naming/refusal.ts';
import { parseFields } from '../specification/fields.ts';
import { FLAGS } from '../types/flags.ts';
import { filesOf } from './layout.ts';
import { existing, moreFields } from './more-fields.ts';
import { migrated } from './migration.ts';
import { describedOf, type Listed, withMoreLists } from './more-lists.ts';
import { changed, type Project } from './project.ts';

/** `subject:search`: what a field that is there is to do besides. */
const OF_ONE_THERE = /^([a-z][a-zA-Z0-9]*)((?::(?:search|stats))+)$/;

/** `tags:index`: a flag and no type, behind the name of a field that is there. @throws Refusal */
function requireTyped(project: Project, names: Names, text: string): void {
  const [name = '', word = ''] = text.split(':');
  const isFlag = FLAGS.some((flag) => flag === word.split('=', 1)[0]);
  if (!isFlag || !existing(project, names).fields.includes(name)) return;
  const { schema, dto, service, table } = filesOf(names);
  refuse(
    `${name} is there already, and a command can only add search or stats to it: for ${word} change ${schema}, ${dto}, ${service} and ${table} by hand, or remove the field and add it with the flag`,
  );
}

/**
 * What `npm run field` writes: further fields, and what fields that are there do besides.
 * @throws Refusal when it cannot be
 */
export function fieldCommand(project: Project, names: Names, texts: readonly string[]): Listed {
  const there = texts.flatMap((text) => {
    const [, name, flags = ''] = OF_ONE_THERE.exec(text) ?? [];
    return name === undefined ? [] : [{ name, flags: new Set(flags.split(':')) }];
  });
  const described = unlessRefused(() => describedOf(project, names))?.fields;
  const typed = texts.filter((text) => !OF_ONE_THERE.test(text));
  for (const text of typed) requireTyped(project, names, text);
  const fields = parseFields(typed, described);
  const timed = fields.find((field) => field.type.defaults && field.default !== undefined);
  if (timed) {
    refuse(
      `${timed.name} cannot have default=now here: the time is not known for existing records. Write ${timed.name}:date:required:existing=2030-01-31, or leave the default to the service`,
    );
  }
  const { changes, given } =
    fields.length > 0
      ? moreFields(
          project,
          names,
          fields.map((field) => ({ ...field, search: false, stats: false })),
        )
      : { changes: new Map<string, string>(), given: new Map<string, string>() };
  const having = (flag: 'search' | 'stats') => [
    ...there.filter(({ flags }) => flags.has(flag)).map(({ name }) => name),
    ...fields.filter((field) => field[flag]).map(({ name }) => name),
  ];
  const wanted = { lists: [], search: having('search'), stats: having('stats') };
  const isListed = wanted.search.length + wanted.stats.length > 0;
  const overlaid = changed(project, changes);
  const listed = isListed ? withMoreLists(overlaid, names, wanted) : NOTHING_LISTED;
  // Records that are there have no words of a field that they lack.
  const needed = wanted.search.some((name) => given.has(name) || there.some((each) => each.name === name));
  const keys = needed ? listed.keys : NOTHING_LISTED.keys;
  return {
    ...listed,
    keys,
    changes: new Map([...changes, ...listed.changes, ...migrated(project, names, { given, keys })]),
  };
}

const NOTHING_LISTED: Listed = { changes: new Map(), keys: { sorted: [], searched: [] }, costs: [] };
