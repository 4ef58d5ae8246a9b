import ts from 'typescript';
import { wordsOf } from '../naming/words.ts';
import { parse } from '../source/edit.ts';
import { nodesWithin } from '../source/places.ts';
import { isText } from '../source/sayings.ts';
import { changed, type Changes, type Project } from './project.ts';

/** What new names of fields make of comments, descriptions and other texts. A line for each, with its place. */
export interface Sentences {
  readonly reworded: readonly string[];
  /** Those that still have the old name, or its words. */
  readonly left: readonly string[];
}

interface Sentence {
  readonly text: string;
  readonly line: number;
}

/**
 * @param paths the files that may speak of the fields
 * @param names the old names
 */
export function sentencesOf(
  project: Project,
  changes: Changes,
  paths: readonly string[],
  names: readonly string[],
): Sentences {
  const said = names.flatMap((name) => [name, wordsOf(name).join('[ -]')]);
  const isSaid = new RegExp(String.raw`\b(${said.join('|')})\b`, 'i');
  const after = changed(project, changes);
  const [reworded, left]: [string[], string[]] = [[], []];
  for (const path of paths) {
    const before = project.read(path) ?? '';
    if (!isSaid.test(before)) continue;
    const there = new Set(sentencesIn(before).map(({ text }) => text));
    for (const { text, line } of sentencesIn(after.read(path) ?? '')) {
      const place = `${path}:${line}: ${text.slice(0, 100)}`;
      if (!there.has(text)) reworded.push(place);
      else if (isSaid.test(text)) left.push(place);
    }
  }
  return { reworded, left };
}

/** The lines of comments, and the texts of several words. */
function sentencesIn(text: string): Sentence[] {
  const source = parse(text);
  const lineAt = (at: number) => source.getLineAndCharacterOfPosition(at).line + 1;
  const nodes = nodesWithin(source);
  const comments = new Map(
    nodes
      .flatMap((node) => [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
      ])
      .map(({ pos, end }) => [pos, end]),
  );
  const ofComments = [...comments].flatMap(([pos, end]) =>
    text
      .slice(pos, end)
      .split('\n')
      .map((line, index) => ({ text: line.trim(), line: lineAt(pos) + index })),
  );
  const texts = nodes
    .filter((node) => isText(node) || ts.isNoSubstitutionTemplateLiteral(node))
    .map((node) => ({ text: node.text.trim(), line: lineAt(node.getStart()) }));
  return [...ofComments, ...texts]
    .filter((each) => each.text.includes(' '))
    .toSorted((a, b) => a.line - b.line);
}
