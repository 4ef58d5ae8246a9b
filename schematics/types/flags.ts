/** What may be said of a field beside its type. `existing` is for records that are there already. */
export const FLAGS = [
  'list',
  'required',
  'unique',
  'index',
  'encrypted',
  'search',
  'stats',
  'server',
  'min',
  'max',
  'default',
  'existing',
  'after',
  'since',
] as const;
export type Flag = (typeof FLAGS)[number];

/** The flags that take a value: `min=0`. */
export const VALUED: ReadonlySet<Flag> = new Set(['min', 'max', 'default', 'existing', 'after', 'since']);

/** Pairs that exclude each other, whatever the type, and why. */
export const EXCLUSIVE: readonly (readonly [Flag, Flag, string])[] = [
  ['list', 'unique', 'every record would have to have other items'],
  ['list', 'encrypted', 'only single texts are encrypted'],
  ['list', 'default', 'a list that is not sent is empty'],
  ['unique', 'index', 'unique has an index of its own'],
  ['unique', 'encrypted', 'nobody can compare what is encrypted'],
  ['unique', 'default', 'a second record could not have it'],
  ['unique', 'existing', 'a second record could not have it'],
  ['index', 'encrypted', 'nobody can look for what is encrypted'],
  ['required', 'default', 'a field that is always sent needs none'],
  ['search', 'encrypted', 'nobody can look for what is encrypted'],
  ['search', 'list', 'words are looked for in single texts'],
  ['stats', 'list', 'a record would count for several values'],
  ['server', 'required', 'it is never sent'],
  ['server', 'unique', 'nobody who sends something could know that a value is taken'],
  ['after', 'since', 'what is later is not earlier'],
  ['after', 'default', 'it would be refused where it is not later'],
  ['since', 'default', 'it would be refused where it is earlier'],
  ['encrypted', 'default', 'it would stand in the source'],
  ['encrypted', 'existing', 'it would stand in the source'],
];
