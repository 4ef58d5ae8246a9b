import { element, hideToast, toast } from './dom.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { sentence } from './words.js';

/** So long a deletion is held back, in which it can be undone. */
const HELD_BACK_MS = 5000;

/** Deletions that are held back, by the address of their record. */
const pending = new Map();

export const isBeingDeleted = (path) => pending.has(path);

/**
 * Deletes what stands at `path` unless that is undone within five seconds. `changed` is called when it comes back: undone,
 * or refused.
 */
export function deleteLater(path, { version, name, changed }) {
  const run = async (keepalive = false) => {
    pending.delete(path);
    try {
      await call('DELETE', path, {
        headers: version === undefined ? {} : { 'if-match': `"${version}"` },
        keepalive,
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.status === 404) return;
      changed();
      toast(
        error.code === 'PRECONDITION_FAILED'
          ? `${name} was changed elsewhere meanwhile, so it was not deleted. Look at it again first.`
          : `${name} was not deleted. ${sentence(error)}`,
        { ms: 8000 },
      );
    }
  };
  const timer = setTimeout(() => {
    hideToast();
    void run();
  }, HELD_BACK_MS);
  const undo = () => {
    clearTimeout(timer);
    pending.delete(path);
    hideToast();
    changed();
  };
  pending.set(path, () => {
    clearTimeout(timer);
    return run(true);
  });
  const action = element('button', { type: 'button', class: 'toast-action', onclick: undo }, 'Undo');
  toast(`Deleted ${name}`, { action, ms: HELD_BACK_MS });
}

/** Does at once what is held back: the page is being left. */
export function flushDeletions() {
  for (const run of pending.values()) void run();
}
