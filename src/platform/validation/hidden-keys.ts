import type { mongo } from 'mongoose';
import { entriesOf, sortKeyOf } from './folded.js';

type Fields = Readonly<Record<string, unknown>>;

/** The hidden field for sort keys and search words of texts. It is never in a response. */
const WORDS = '_words';

/** Makes the hidden keys of the records of one resource. */
export class HiddenKeys {
  static readonly words = { [WORDS]: 1 } as const;

  /**
   * @param sorted texts that sort lists
   * @param searched texts whose words can be searched
   */
  constructor(
    private readonly sorted: readonly string[],
    private readonly searched: readonly string[],
  ) {}

  /** The path of a text's sort key. */
  static of(field: string): string {
    return `_${field}`;
  }

  /** A filter for records with a word, or a prefix of one, in one of these fields. */
  static having(fields: readonly string[], entry: string): object {
    const entries = fields.map((field) => `${field}:${entry}`);
    return { [WORDS]: entries.length === 1 ? entries[0] : { $in: entries } };
  }

  /**
   * A filter for records with a longer word that begins like this. Words have no special characters of regular
   * expressions.
   */
  static beginning(fields: readonly string[], word: string): object {
    return { [WORDS]: { $in: fields.map((field) => new RegExp(`^${field}:${word}`, 'u')) } };
  }

  /** The fields to omit when reading. Sort keys are kept: they are short, and cursors need them. */
  get projection(): Readonly<Record<string, 0>> | undefined {
    return this.searched.length > 0 ? { [WORDS]: 0 } : undefined;
  }

  /** The keys of a new record. */
  ofNew(record: Fields): Record<string, unknown> {
    const keys: Record<string, unknown> = {};
    for (const field of this.sorted) {
      const text = record[field];
      if (typeof text === 'string') keys[HiddenKeys.of(field)] = sortKeyOf(text);
    }
    if (this.searched.length > 0)
      keys[WORDS] = this.searched.flatMap((field) => tagged(field, record[field]));
    return keys;
  }

  /** The keys of texts that have been removed. */
  without(absent: readonly string[]): string[] {
    return absent.filter((name) => this.sorted.includes(name)).map((name) => HiddenKeys.of(name));
  }

  /**
   * The words of a record after these fields change: of all its texts, or an update that keeps those of the other
   * texts.
   */
  ofChange(
    changed: Fields,
    absent: readonly string[],
  ): { keys: Record<string, unknown>; words?: mongo.Document } {
    const { [WORDS]: words, ...keys } = this.ofNew(changed);
    const touched = this.searched.filter((field) => field in changed || absent.includes(field));
    if (touched.length === 0) return { keys };
    if (touched.length === this.searched.length) return { keys: { ...keys, [WORDS]: words } };
    const isOther = {
      $and: touched.map((field) => ({ $ne: [{ $indexOfBytes: ['$$entry', `${field}:`] }, 0] })),
    };
    const others = { $filter: { input: { $ifNull: [`$${WORDS}`, []] }, as: 'entry', cond: isOther } };
    return { keys, words: { [WORDS]: { $concatArrays: [others, { $literal: words }] } } };
  }
}

function tagged(field: string, text: unknown): string[] {
  return typeof text === 'string' ? entriesOf(text).map((entry) => `${field}:${entry}`) : [];
}
