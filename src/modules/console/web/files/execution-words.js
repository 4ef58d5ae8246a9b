import { element } from './dom.js';
import { number } from './words.js';

/** What a status is called, and its colour. */
export const STATUSES = {
  queued: ['Queued', ''],
  running: ['Running', 'tone-1'],
  waiting: ['Waiting', ''],
  succeeded: ['Succeeded', 'ok'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', ''],
  'needs-attention': ['Needs attention', 'warn'],
  unknown: ['Unknown', 'warn'],
};

export const isFinished = ({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status);

export function statusBadge(status) {
  const [text, kind] = STATUSES[status] ?? [status, ''];
  return element('span', { class: `badge ${kind}` }, text);
}

/** How far an execution says that it is. */
export function progressBar({ done, of, text }) {
  const said = of === null ? number(done) : `${number(done)} of ${number(of)}`;
  const words = [said, text].filter(Boolean).join(' ');
  return element(
    'div',
    { class: 'progress' },
    of !== null && element('progress', { max: of, value: Math.min(done, of), 'aria-label': words }),
    element('span', { class: 'quiet small', dir: 'auto' }, words),
  );
}
