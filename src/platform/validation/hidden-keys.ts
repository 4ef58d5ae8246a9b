import type { mongo } from 'mongoose';
import { entriesOf, sortKeyOf } from './folded.js';

type Fields = Readonly<Record<string, unknown>>;

/** What is stored beside texts for the lists that are sorted by them, or look for their words. No answer has it. */
const WORDS = '_words';

/** Makes the hidden keys of the records of one resource. */
export class HiddenKeys {
  static readonly words = { [WORDS]: 1 } as const;

  /**
   * @param sorted texts that sort lists
   * @param searched texts whose words are looked for
   */
  constructor(
    private readonly sorted: readonly string[],
    private readonly searched: readonly string[],
  ) {}

  /** Where the key is by which a text sorts. */
  static of(field: string): string {
    return `_${field}`;
  }

  /** What has a word, or begins with it, in one of these fields. */
  static having(fields: readonly string[], entry: string): object {
    const entries = fields.map((field) => `${field}:${entry}`);
    return { [WORDS]: entries.length === 1 ? entries[0] : { $in: entries } };
  }

  /** What has a longer word that begins so. A word has no character that a pattern would read. */
  static beginning(fields: readonly string[], word: string): object {
    return { [WORDS]: { $in: fields.map((field) => new RegExp(`^${field}:${word}`, 'u')) } };
  }

  /** What reading leaves out; the keys that sort are short, and cursors need them. */
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

  /** The names of the keys of texts that are no longer there. */
  without(absent: readonly string[]): string[] {
    return absent.filter((name) => this.sorted.includes(name)).map((name) => HiddenKeys.of(name));
  }

  /** The words of a record once these fields are changed: those of all its texts, or what keeps those of the others. */
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
