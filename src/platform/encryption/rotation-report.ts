import type { ProgressLog } from '../logging/progress.js';
import type { Rotated, RotationLog } from './key-rotation.js';

const REWRITE_MS = 250;
/** Where lines stay, as in a file, there are fewer. */
const LINE_MS = 3_000;

/** Shows on `log` how far a rotation is; on a terminal one line is rewritten in place, and cleared at the end. */
export function showRotation(log: ProgressLog): RotationLog & { end(): void } {
  let shown = 0;
  const clear = log.isTTY ? '\r\x1b[K' : '';
  return {
    progress(collection, renewed, total) {
      const isSoon = Date.now() - shown < (log.isTTY ? REWRITE_MS : LINE_MS);
      if (isSoon && renewed < total) return;
      shown = Date.now();
      log.write(`${clear}${collection} … ${numbered(renewed)} of ${valuesOf(total)}${log.isTTY ? '' : '\n'}`);
    },
    again(found) {
      log.write(`${clear}Meanwhile ${valuesOf(found)} came under another key: all is gone through again.\n`);
    },
    end: () => void log.write(clear),
  };
}

/** What is left to tell, line by line, of values by their place alone. */
export function reportRotation({ renewed, unreadable, end }: Rotated): string {
  const lines = [...renewed].map(([collection, count]) => {
    const faults = unreadable.filter((each) => each.collection === collection).length;
    const problem = faults > 0 ? `, ${numbered(faults)} that do not decrypt` : '';
    return `${collection}: ${valuesOf(count)} re-encrypted${problem}`;
  });
  const faults = unreadable.map(
    ({ collection, recordId, field, reason, keyId }) =>
      `${collection} ${recordId} ${field}: ${reason}${keyId === undefined ? '' : ` (${keyId})`}`,
  );
  return [...faults, ...lines, LAST_WORDS[end](faults.length)].join('\n');
}

const LAST_WORDS: Record<Rotated['end'], (unreadable: number) => string> = {
  complete: (unreadable) =>
    unreadable === 0
      ? 'Every value is under the first key of ENCRYPTION_KEY.'
      : 'Every other value is under the first key of ENCRYPTION_KEY. Keep the other keys.',
  stopped: () => 'Stopped. What is re-encrypted stays so; run it again to go on.',
  'others write under another key': () =>
    'Values are still written under another key: start every process with the new ENCRYPTION_KEY, then run it again.',
};

function numbered(count: number): string {
  return count.toLocaleString('en-US');
}

function valuesOf(count: number): string {
  return `${numbered(count)} ${count === 1 ? 'value' : 'values'}`;
}
