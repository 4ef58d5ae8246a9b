import ts from 'typescript';
import type { Edit } from './edit.ts';

const BEGINNING = 'ApiError ';

/** What a method says in `@throws ApiError A, B`. */
interface Thrown {
  readonly codes: readonly string[];
  readonly tag: ts.JSDocTag;
}

function thrownBy(method: ts.MethodDeclaration): Thrown | undefined {
  const tag = ts.getJSDocTags(method).find(({ tagName }) => tagName.text === 'throws');
  const text = tag && ts.getTextOfJSDocComment(tag.comment);
  if (!tag || !text?.startsWith(BEGINNING)) return undefined;
  return { tag, codes: text.slice(BEGINNING.length).split(', ') };
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
  if (thrown) {
    const codes = change(thrown.codes);
    const { tag } = thrown;
    const text = `@throws ${BEGINNING}${codes.join(', ')} `;
    return [{ from: tag.getStart(), to: tag.end, text }];
  }
  const codes = change([]);
  const start = method.getStart();
  const hasComment = ts.getJSDocCommentsAndTags(method).length > 0;
  return hasComment || codes.length === 0
    ? []
    : [{ from: start, to: start, text: `/** @throws ${BEGINNING}${codes.join(', ')} */\n` }];
}
