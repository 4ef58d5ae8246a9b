import { element } from './dom.js';
import { capitalised } from './features.js';
import { referenceLink } from './references.js';
import { user } from './user.js';

/** Who did it, as far as that can be told by name. */
export function actorOf({ kind, id }) {
  if (kind === 'system') return 'The product';
  if (kind === 'apiKey') return element('span', { title: id }, 'An API key');
  return id === user().id ? 'You' : referenceLink({ model: 'User' }, id);
}

/** `projects.updated` → `Updated` */
export const verbOf = (action) => capitalised(action.slice(action.indexOf('.') + 1).replaceAll('-', ' '));

export const shown = (value) => (value === null || value === undefined ? '—' : JSON.stringify(value));

/** What has changed, field by field. */
export function changesOf(changes) {
  if (changes.length === 0) return element('span', { class: 'quiet' }, '—');
  return element(
    'span',
    { title: changes.map(({ field, from, to }) => `${field}: ${shown(from)} → ${shown(to)}`).join('\n') },
    changes.map(({ field }) => field).join(', '),
  );
}
