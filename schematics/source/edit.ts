import ts from 'typescript';

/** Text that replaces what stands between two positions of a source. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Of several at the same position the lower one comes first. */
  readonly order?: string;
}

/** The syntax tree of a TypeScript source, with parents. */
export function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
}

/** The text with all edits, which must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits.toSorted(
    (a, b) => a.from - b.from || a.to - b.to || (a.order ?? '').localeCompare(b.order ?? ''),
  );
  let result = '';
  let position = 0;
  for (const edit of ordered) {
    if (edit.from < position) throw new Error('Edits overlap');
    result += text.slice(position, edit.from) + edit.text;
    position = edit.to;
  }
  return result + text.slice(position);
}
