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
      element('p', { class: 'alert small', role: 'alert', 'data-row-alert': true }),
    ),
    offered.length > 0 && element('div', { class: 'row-actions' }, offered),
  );
}

/** Where to say what was refused to a control: in its row, which may have been made anew meanwhile, or else at `place`. */
export function alertOf(control, place) {
  const label = control.getAttribute('aria-label');
  const now = control.isConnected
    ? control
    : [...document.querySelectorAll('main .row [aria-label]')].find((each) => each.ariaLabel === label);
  return now?.closest('.row')?.querySelector('[data-row-alert]') ?? place;
}
