/** Most characters of a text by which lists are sorted. Texts that begin with the same ones are ordered by their ids. */
export const SORTED_CHARACTERS = 64;

/** A word is found by each of its beginnings up to this length, and as a whole up to the other. */
const BEGINNING = 16;
const WORD = 64;

/** Most words that one search may have. */
export const MAX_TERMS = 10;

/** A text whose case does not count. Upper case first: `ß` and `SS` are the same, and so is every sigma. */
function folded(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

/** By what a text is sorted: without regard to case, by code points, by its beginning. */
export function sortKeyOf(text: string): string {
  // Characters, not units: half of a pair is no text. No character becomes more than three.
  return [...folded(text.slice(0, 8 * SORTED_CHARACTERS))].slice(0, SORTED_CHARACTERS).join('');
}

/** The words of a text, as they are compared: no case, no accents, one width. */
function wordsIn(text: string): string[] {
  const plain = folded(text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '')).normalize('NFKC');
  return (plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).map((word) => word.slice(0, WORD));
}

/** The words that are asked for, the longest first: it finds the fewest records. */
export function termsOf(text: string): string[] {
  return [...new Set(wordsIn(text))].toSorted((a, b) => b.length - a.length);
}

/**
 * What a text is found by: each of its words, and each beginning of one. Beginnings are stored, because an index gives
 * what equals a value in the order of the list, and what begins with it in none.
 */
export function entriesOf(text: string): string[] {
  const entries = new Set<string>();
  for (const word of wordsIn(text)) {
    for (let end = 1; end <= Math.min(word.length, BEGINNING); end++) entries.add(word.slice(0, end));
    entries.add(word);
  }
  return [...entries];
}

/** What stands in the database for a term; a longer one is looked for among the words themselves, too. */
export function lookUpOf(term: string): { readonly entry: string; readonly word?: string } {
  return term.length <= BEGINNING ? { entry: term } : { entry: term.slice(0, BEGINNING), word: term };
}
