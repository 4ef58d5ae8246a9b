/** The types that a field may have. */
export const TYPES = [
  'string',
  'text',
  'rich',
  'number',
  'integer',
  'boolean',
  'date',
  'email',
  'url',
  'enum',
  'object',
  'ref',
] as const;
export type TypeName = (typeof TYPES)[number];

/** What may be said of a field beside its type. `existing` is for records that are there already. */
export const FLAGS = [
  'list',
  'required',
  'unique',
  'index',
  'encrypted',
  'min',
  'max',
  'default',
  'existing',
] as const;
export type Flag = (typeof FLAGS)[number];

/** The flags that take a value: `min=0`. */
export const VALUED: ReadonlySet<Flag> = new Set(['min', 'max', 'default', 'existing']);

interface Type {
  readonly about: string;
  readonly flags: readonly Flag[];
}

/** What each type may be combined with; docs/adding-a-feature.md shows it as a table, and a test compares them. */
export const ALLOWED: Readonly<Record<TypeName, Type>> = {
  string: {
    about: 'a short text, 1 to 200 characters',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'min', 'max', 'default', 'existing'],
  },
  text: {
    about: 'a longer text, up to 2,000 characters',
    flags: ['required', 'encrypted', 'min', 'max', 'default', 'existing'],
  },
  rich: {
    about: 'HTML, sanitised, up to 10,000 characters',
    flags: ['required', 'encrypted', 'max', 'existing'],
  },
  number: {
    about: 'any number',
    flags: ['list', 'required', 'unique', 'index', 'min', 'max', 'default', 'existing'],
  },
  integer: {
    about: 'a whole number that JSON carries exactly',
    flags: ['list', 'required', 'unique', 'index', 'min', 'max', 'default', 'existing'],
  },
  boolean: { about: 'true or false', flags: ['required', 'index', 'default', 'existing'] },
  date: {
    about: 'an instant, as RFC 3339 writes it; answered in UTC',
    flags: ['required', 'unique', 'index', 'existing'],
  },
  email: {
    about: 'an e-mail address, in small letters',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'existing'],
  },
  url: {
    about: 'an address of http or https, up to 2,048 characters',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'existing'],
  },
  enum: {
    about: 'one of the words after it: `enum:draft,sent`',
    flags: ['list', 'required', 'index', 'default', 'existing'],
  },
  object: { about: 'a JSON object of the client, up to 16 KiB', flags: ['required'] },
  ref: {
    about: 'the id of a record of another feature: `ref:projects`',
    flags: ['required', 'unique'],
  },
};

/** Lengths and values that a field without `min=` and `max=` has. */
export const BOUNDS = {
  string: { min: 1, max: 200, limit: 1000 },
  text: { min: 0, max: 2000, limit: 20_000 },
  rich: { min: 0, max: 10_000, limit: 20_000 },
} as const;

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
  ['encrypted', 'default', 'it would stand in the source'],
  ['encrypted', 'existing', 'it would stand in the source'],
];
