import type { Schema, SchemaType } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { HiddenKeys } from '../validation/hidden-keys.js';

/** A list that clients may ask for in the order of a field. */
export interface ListDeclaration {
  /** The fields for which a request must give a value: all of them, and no others. */
  readonly equal?: readonly string[];
  /** The field that sorts the list, in both directions, and that ranges apply to. */
  readonly sort: string;
  /** Also serve the records of all owners (`?owner=all`), with an additional index. */
  readonly everybody?: true;
}

/** The kinds of fields that can be sorted. */
export type SortKind = 'time' | 'number' | 'decimal' | 'text' | 'day' | 'choice';

/** A field that sorts lists. */
export interface SortField {
  readonly name: string;
  readonly kind: SortKind;
  /** Where the database stores its values in sortable form. */
  readonly key: string;
}

type Keys = Readonly<Record<string, 1 | -1>>;

/** A declared list with the indexes that serve it. */
export interface DeclaredList {
  readonly equal: readonly string[];
  readonly sort: SortField;
  readonly index: Keys;
  /** Undefined if it does not span owners. */
  readonly globalIndex: Keys | undefined;
}

/** Each needs an index, which makes every write more expensive. */
export const MAX_LISTS = 8;

const KINDS: Readonly<Record<string, SortKind>> = {
  String: 'text',
  Number: 'number',
  Date: 'time',
  Decimal128: 'decimal',
  Boolean: 'choice',
  ObjectId: 'choice',
};

interface Declared {
  readonly name: string;
  readonly schema: Schema;
  /** Undefined if the records have no owner. */
  readonly owner: string | undefined;
  readonly lists: readonly ListDeclaration[];
  readonly search: readonly string[];
  readonly stats: readonly string[];
}

/** What the lists of a resource offer besides filters: orders, ranges, search and counts. */
export class Lists {
  readonly all: readonly DeclaredList[];
  readonly search: readonly string[];
  readonly stats: readonly string[];
  readonly hidden: HiddenKeys;
  /** The index of each search and count. */
  readonly wordsIndex: Keys;
  private readonly name: string;
  private readonly schema: Schema;
  private readonly owned: Keys;

  /** @throws DeclarationError for lists that no index could serve */
  constructor({ name, schema, owner, lists, search, stats }: Declared) {
    this.name = name;
    this.schema = schema;
    this.owned = owner === undefined ? {} : { [owner]: 1 };
    if (lists.length > MAX_LISTS) this.refuse(`has ${lists.length} lists, and may have ${MAX_LISTS}`);
    this.all = lists.map((list) => this.compiled(list));
    for (const field of search) {
      if (this.kindOf(field) !== 'text') this.refuse(`search names ${field}, which is no text`);
    }
    for (const field of stats) this.pathOf(field);
    this.search = search;
    this.stats = stats;
    this.hidden = new HiddenKeys(
      this.all.filter(({ sort }) => sort.kind === 'text').map(({ sort }) => sort.name),
      search,
    );
    this.wordsIndex = { ...this.owned, ...HiddenKeys.words, createdAt: -1, _id: -1 };
    this.addIndexes();
  }

  /** The fields that lists are sorted by, without duplicates. */
  get sorts(): readonly SortField[] {
    return [...new Map(this.all.map(({ sort }) => [sort.name, sort])).values()];
  }

  /** The index by which records are counted for each value of a field. */
  statsIndex(field: string): Keys {
    return { ...this.owned, [field]: 1, createdAt: -1, _id: -1 };
  }

  private compiled({ equal = [], sort: name, everybody }: ListDeclaration): DeclaredList {
    for (const field of equal) this.pathOf(field);
    if (equal.includes(name)) this.refuse(`a list sorts by ${name}, of which it is given one value`);
    const kind = this.kindOf(name);
    const sort = { name, kind, key: kind === 'text' ? HiddenKeys.of(name) : name };
    const keys: Keys = {
      ...Object.fromEntries(equal.map((field) => [field, 1 as const])),
      [sort.key]: 1,
      _id: 1,
    };
    const owned = { ...this.owned, ...keys };
    const isSpanning = everybody === true && Object.keys(this.owned).length > 0;
    return { equal, sort, index: owned, globalIndex: isSpanning ? keys : undefined };
  }

  private addIndexes(): void {
    const all = this.all.flatMap(({ index, globalIndex }) => (globalIndex ? [index, globalIndex] : [index]));
    if (this.search.length > 0) all.push(this.wordsIndex);
    all.push(...this.stats.map((field) => this.statsIndex(field)));
    const there = new Set(this.schema.indexes().map(([keys]) => JSON.stringify(keys)));
    for (const keys of all) {
      const spelled = JSON.stringify(keys);
      // The keys of a list, search or count: its filters, its sort, and ids to break ties.
      if (!there.has(spelled)) this.schema.index(keys);
      there.add(spelled);
    }
  }

  private kindOf(name: string): SortKind {
    const { instance, options } = this.pathOf(name);
    const kind = KINDS[instance] ?? this.refuse(`nothing can be sorted by ${name}, which is no single value`);
    return kind === 'text' && options['format'] === 'day' ? 'day' : kind;
  }

  private pathOf(name: string): SchemaType {
    const path = this.schema.path(name) as SchemaType | undefined;
    if (!path) this.refuse(`lists name ${name}, and the schema has no such field`);
    if (path.options['encrypted'] === true) this.refuse(`lists name ${name}, which is encrypted`);
    return path;
  }

  private refuse(what: string): never {
    throw new DeclarationError(`resource '${this.name}': ${what}`);
  }
}
