import { element } from './dom.js';
import { icon } from './icons.js';
import { number } from './words.js';

/** The furthest record that a page can begin with. */
const FURTHEST = 10_000;

/** `26–50 of 300`, and the ways to the pages beside it. */
export function pager({ page, perPage, shown, total, hasMore, turn }) {
  const first = (page - 1) * perPage + 1;
  const range =
    shown === 0
      ? 'Nothing on this page'
      : `${number(first)}–${number(first + shown - 1)} of ${number(total)}`;
  const button = (name, picture, target, isThere) =>
    element(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': name,
        title: name,
        disabled: !isThere,
        onclick: () => turn(target),
      },
      icon(picture),
    );
  const isReachable = page * perPage <= FURTHEST;
  return element(
    'nav',
    { class: 'pager', 'aria-label': 'Pages' },
    element('span', { class: 'quiet', role: 'status' }, range),
    hasMore && !isReachable && element('span', { class: 'quiet' }, 'Search to reach what is older'),
    element(
      'div',
      { class: 'pager-buttons' },
      button('Previous page', 'left', page - 1, page > 1),
      button('Next page', 'right', page + 1, hasMore && isReachable),
    ),
  );
}
