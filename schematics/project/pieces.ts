import { divided, isDivisible, piecesOf, wholeOf } from '../source/pieces.ts';
import { refuse } from '../naming/refusal.ts';
import { type Changes, GONE, type Project } from './project.ts';

/** A project whose files are read as if none had been written in pieces. */
export function whole(project: Project): Project {
  return {
    ...project,
    read: (path) => wholeOf(path, (each) => project.read(each)) ?? project.read(path),
  };
}

/** Lines that a file may have; a test of the architecture asks for it. */
function limitOf(path: string): number {
  return path.endsWith('.controller.ts') ? 150 : path.endsWith('.service.ts') ? 250 : 300;
}

function linesOf(text: string): number {
  return text.split('\n').length - 1;
}

/**
 * What is to be written, in pieces where a file would be too long, or is in pieces already.
 * @throws Refusal for a file that is too long and cannot be
 */
export async function inPieces(
  project: Project,
  changes: Changes,
  format: (path: string, text: string) => Promise<string>,
): Promise<Map<string, string>> {
  const result = new Map<string, string>();
  for (const [path, text] of changes) {
    if (text === GONE) {
      result.set(path, text);
      continue;
    }
    const isThere = wholeOf(path, (each) => project.read(each)) !== undefined;
    const isLong = linesOf(text) > limitOf(path);
    const files = isThere || (isLong && isDivisible(path)) ? divided(path, text) : new Map([[path, text]]);
    for (const piece of piecesOf(path, (each) => project.read(each))) {
      if (!files.has(piece)) result.set(piece, GONE);
    }
    for (const [each, part] of files) {
      const written = files.size > 1 ? await format(each, part) : part;
      requireShort(each, written);
      if (written !== project.read(each) || files.size === 1) result.set(each, written);
    }
  }
  return result;
}

function requireShort(path: string, text: string): void {
  const [lines, limit] = [linesOf(text), limitOf(path)];
  if (lines > limit) {
    refuse(
      `${path} would have ${lines} lines, and may have ${limit}: have fewer fields, put some into an object (address:object address.street:string), or choose shorter names`,
    );
  }
}
