import ts from 'typescript';
import type { Edit } from './edit.ts';

const BEGINNING = '@throws ApiError ';
const CODE = /^[A-Z][A-Z0-9_]*$/;

/** The codes that a method says it throws, and where they stand; undefined where it says something else. */
function thrownBy(method: ts.MethodDeclaration): { codes: string[]; from: number; to: number } | undefined {
  const tag = ts.getJSDocTags(method).find(({ tagName }) => tagName.text === 'throws');
  if (!tag) return undefined;
  const { text } = tag.getSourceFile();
  const from = tag.getStart() + BEGINNING.length;
  const [line = ''] = text.slice(tag.getStart(), tag.end).split('\n');
  const list = line.slice(BEGINNING.length).replace('*/', '').trimEnd();
  const codes = list.split(', ');
  const isList = line.startsWith(BEGINNING) && codes.every((code) => CODE.test(code));
  return isList ? { codes, from, to: from + list.length } : undefined;
}

/**
 * Changes the codes that a method says it throws. A method without a comment gets one; one with words of its own
 * keeps them.
 */
export function editThrown(
  method: ts.MethodDeclaration,
  change: (codes: readonly string[]) => readonly string[],
): Edit[] {
  const thrown = thrownBy(method);
  if (thrown) return [{ from: thrown.from, to: thrown.to, text: change(thrown.codes).join(', ') }];
  const codes = change([]);
  const start = method.getStart();
  const hasComment = ts.getJSDocCommentsAndTags(method).length > 0;
  return hasComment || codes.length === 0
    ? []
    : [{ from: start, to: start, text: `/** ${BEGINNING}${codes.join(', ')} */\n` }];
}
