/** Maximum number of characters by which texts are sorted. Texts with the same beginning are ordered by id. */
export const SORTED_CHARACTERS = 64;

/** A word is found by each of its prefixes up to the first length, and as a whole up to the second. */
const BEGINNING = 16;
const WORD = 64;

/** Most words that one search may have. */
export const MAX_TERMS = 10;

/** Folds the case of a text. Via upper case, so that `ß` and `SS` are equal, and so are all sigmas. */
function folded(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** The sort key of a text: case-insensitive, by code points, truncated. */
export function sortKeyOf(text: string): string {
  // Characters, not units, so that no surrogate pair is split. No character becomes more than three.
  return [...folded(text.slice(0, 8 * SORTED_CHARACTERS))].slice(0, SORTED_CHARACTERS).join('');
}

/** The words of a text in the form in which they are compared: without case, accents and width variants. */
function wordsIn(text: string): string[] {
  const plain = folded(text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '')).normalize('NFKC');
  return (plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).map((word) => word.slice(0, WORD));
}

/** The words of a search, the longest first, since it matches the fewest records. */
export function termsOf(text: string): string[] {
  return [...new Set(wordsIn(text))].toSorted((a, b) => b.length - a.length);
}

/**
 * The index entries of a text: its words and their prefixes. Prefixes are stored because an index returns equal values
 * in the order of the list, but not values with a common prefix.
 */
export function entriesOf(text: string): string[] {
  const entries = new Set<string>();
  for (const word of wordsIn(text)) {
    for (let end = 1; end <= Math.min(word.length, BEGINNING); end++) entries.add(word.slice(0, end));
    entries.add(word);
  }
  return [...entries];
}

/** The stored entry that matches a term; a longer term is also matched against the whole words. */
export function lookUpOf(term: string): { readonly entry: string; readonly word?: string } {
  return term.length <= BEGINNING ? { entry: term } : { entry: term.slice(0, BEGINNING), word: term };
}
