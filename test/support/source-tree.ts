import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** A source file and the files of the project that it imports, as paths from the top level. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

/** Reads the files that match, with their imports as the compiler sees them. */
export function readSources(...patterns: string[]): SourceFile[] {
  return globSync(patterns).map((path) => {
    const text = readFileSync(path, 'utf8');
    const imports = ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => name.startsWith('.'))
      .map((name) => normalize(join(dirname(path), name)).replace(/\.js$/, '.ts'));
    return { path, text, lines: text.trimEnd().split('\n').length, imports };
  });
}

/** The way round a cycle of the graph, or undefined when there is none. */
export function findCycle(graph: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): string[] | undefined => {
    const start = way.indexOf(node);
    if (start >= 0) return [...way.slice(start), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...way, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** The indexes of a file without a comment that says which query they serve. */
export function indexesWithoutReason({ path, text }: SourceFile): string[] {
  const lines = text.split('\n');
  return lines
    .map((line, index) => ({ line, before: standingBefore(lines, index) }))
    .filter(({ line, before }) => /\.index\(|\b(index|unique): true\b/.test(line) && !isReason(line, before))
    .map(({ line }) => `${path}: ${line.trim()}`);
}

/** The line before another one; before one within the statement of an index, the line that begins it. */
function standingBefore(lines: readonly string[], index: number): string {
  const isMark = (line: string) => line === '' || line.endsWith(';') || line.includes('.index(');
  const mark = lines.slice(0, index).findLast(isMark) ?? '';
  const isWithin = mark.includes('.index(') && !mark.endsWith(';');
  return isWithin ? mark : (lines[index - 1] ?? '');
}

/** `Schema.index({ a: 1 }, { unique: true })` is one statement: the comment stands before its first line. */
function isReason(line: string, before: string): boolean {
  return line.includes('.index(') ? before.trimStart().startsWith('//') : /\.index\(|^\s*\/\//.test(before);
}
