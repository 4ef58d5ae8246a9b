import { element } from './dom.js';
import { icon } from './icons.js';

/** The head of a page about one thing: the way back to its list, its title with what stands beside it, and `actions`. */
export function detailHead(address, list, title, actions) {
  return element(
    'header',
    { class: 'page-head' },
    element(
      'div',
      { class: 'page-title' },
      element('a', { href: address, class: 'back', 'data-back': true }, icon('left'), list),
      title,
    ),
    actions,
  );
}
