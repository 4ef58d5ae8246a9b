import mongoose, { type mongo } from 'mongoose';

const { EJSON } = mongoose.mongo.BSON;

/** An index as MongoDB's `createIndexes` takes it and `listIndexes` answers it. */
export interface Index extends mongo.Document {
  readonly name: string;
  readonly key: Readonly<Record<string, unknown>>;
}

/** An index in the way of a declared one, and what is different: `unique`, `expireAfterSeconds` … */
export interface ChangedIndex {
  readonly declared: Index;
  readonly found: Index;
  readonly differences: readonly string[];
}

export interface IndexComparison {
  readonly missing: readonly Index[];
  readonly changed: readonly ChangedIndex[];
  /** What the database has and nothing declares. */
  readonly undeclared: readonly Index[];
}

/** What MongoDB takes where a declaration does not say it. */
const COLLATION = { strength: 3, caseLevel: false, numericOrdering: false };
const TEXT = { default_language: 'english', language_override: 'language' };

/** Indexes that differ in these options can coexist under two names. */
const DISTINGUISHING: ReadonlySet<string> = new Set([
  'key',
  'unique',
  'sparse',
  'partialFilterExpression',
  'collation',
  'wildcardProjection',
]);

function isText({ key }: Index): boolean {
  return Object.values(key).includes('text');
}

/** A text index is stored with other keys: those of the text come together, their names become weights. */
function asStored(declared: Index): Index {
  const { key, weights } = declared;
  const texts = Object.keys(key).filter((field) => key[field] === 'text');
  if (texts.length === 0) return declared;
  const entries = Object.entries(key).flatMap(([field, kind]) => {
    if (kind !== 'text') return [[field, kind]];
    const stored = { _fts: 'text', _ftsx: 1 };
    return field === texts[0] ? Object.entries(stored) : [];
  });
  return {
    ...TEXT,
    ...declared,
    key: Object.fromEntries(entries) as Index['key'],
    weights: { ...Object.fromEntries(texts.map((field) => [field, 1])), ...(weights as object) },
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Without what is not declared: the database fills in what belongs to the language. */
function collations(declared: Index, found: Index): [Fields | undefined, Fields | undefined] {
  const of = ({ collation }: Index) =>
    (collation as Fields)?.['locale'] === 'simple' ? undefined : (collation as Fields);
  const wanted = of(declared) && { ...COLLATION, ...of(declared) };
  const has = of(found);
  if (!wanted || !has) return [wanted, has];
  return [wanted, Object.fromEntries(Object.keys(wanted).map((name) => [name, has[name]]))];
}

function sorted(fields: unknown): unknown {
  return fields && Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The properties in which an index of the database is another one than that which is declared. */
function differencesBetween(declared: Index, found: Index): string[] {
  const wanted = asStored(declared);
  const [wantedCollation, foundCollation] = collations(wanted, found);
  const pairs: Record<string, [unknown, unknown]> = {
    // The order of keys matters.
    key: [wanted.key, found.key],
    unique: [wanted['unique'] === true, found['unique'] === true],
    sparse: [wanted['sparse'] === true, found['sparse'] === true],
    hidden: [wanted['hidden'] === true, found['hidden'] === true],
    expireAfterSeconds: [wanted['expireAfterSeconds'], found['expireAfterSeconds']],
    partialFilterExpression: [wanted['partialFilterExpression'], found['partialFilterExpression']],
    wildcardProjection: [sorted(wanted['wildcardProjection']), sorted(found['wildcardProjection'])],
    collation: [sorted(wantedCollation), sorted(foundCollation)],
    weights: [sorted(wanted['weights']), sorted(found['weights'])],
    default_language: [wanted['default_language'], found['default_language']],
    language_override: [wanted['language_override'], found['language_override']],
  };
  const text = (value: unknown) => EJSON.stringify({ value });
  return Object.keys(pairs).filter((name) => {
    const [one, other] = pairs[name] ?? [];
    return text(one) !== text(other);
  });
}

/** Whether MongoDB refuses to create the declared index because of an existing one. */
function isInTheWay(declared: Index, found: Index, differences: readonly string[]): boolean {
  if (declared.name === found.name || (isText(declared) && isText(found))) return true;
  return differences.every((name) => !DISTINGUISHING.has(name));
}

/**
 * Compares the indexes of a collection with those that are declared. Mongoose's `diffIndexes` would do most of it, but
 * not tell an index that is missing from one that stands in the way, and it compares neither all options nor all
 * collations. An index under another name is the same index: MongoDB allows no second one.
 */
export function compareIndexes(declared: readonly Index[], found: readonly Index[]): IndexComparison {
  const others = new Set(found.filter(({ name }) => name !== '_id_'));
  const missing: Index[] = [];
  const changed: ChangedIndex[] = [];
  for (const index of declared) {
    const candidates = found.map((each) => ({ each, differences: differencesBetween(index, each) }));
    const same = candidates.find(({ differences }) => differences.length === 0);
    const inTheWay = candidates.find(({ each, differences }) => isInTheWay(index, each, differences));
    if (same) others.delete(same.each);
    else if (inTheWay) {
      others.delete(inTheWay.each);
      changed.push({ declared: index, found: inTheWay.each, differences: inTheWay.differences });
    } else missing.push(index);
  }
  return { missing, changed, undeclared: [...others] };
}
