import { element } from './dom.js';

/** An entry of a list: what it is, what there is to say of it, and what can be done with it. */
export function row(testId, title, about, ...actions) {
  const offered = actions.filter(Boolean);
  return element(
    'li',
    { class: 'row', 'data-testid': testId },
    element(
      'div',
      { class: 'row-text' },
      element('p', { class: 'row-title' }, title),
      element('p', { class: 'quiet small' }, about),
    ),
    offered.length > 0 && element('div', { class: 'row-actions' }, offered),
  );
}
