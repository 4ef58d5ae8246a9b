import { element } from './dom.js';
import { icon } from './icons.js';

/** A table of records. A heading is a text, or `[text, class]`. */
export function table(caption, heads, rows) {
  return element(
    'table',
    { class: 'table', 'data-testid': 'record-list' },
    element('caption', { class: 'visually-hidden' }, caption),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        heads.map((head) => {
          const [text, kind] = [head].flat();
          return element('th', { scope: 'col', class: kind }, text);
        }),
      ),
    ),
    element('tbody', {}, rows),
  );
}

/** The heading above buttons. */
export const toolsHead = () => [element('span', { class: 'visually-hidden' }, 'Actions'), 'row-tools'];

/** What is shown in place of a table that has no rows. */
export function emptyCard(picture, title, text, action) {
  return element(
    'div',
    { class: 'empty card', 'data-testid': 'record-list' },
    element('span', { class: 'empty-icon', 'aria-hidden': 'true' }, icon(picture)),
    element('p', { class: 'empty-title' }, title),
    text && element('p', { class: 'quiet' }, text),
    action,
  );
}

/** What is shown where nothing fits the filters. */
export function noMatch(plural, clear) {
  const button = element('button', { type: 'button', onclick: clear }, 'Clear filters');
  return emptyCard('search', `No ${plural} match`, 'Try other words, or fewer filters.', button);
}

/** A button of a row that is a picture. */
export function tool(picture, label, title, onclick) {
  return element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title, onclick },
    icon(picture),
  );
}
