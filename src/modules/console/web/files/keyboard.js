import { confirmed } from './dialog.js';
import { beforeLeaving } from './navigate.js';

const isTyping = (target) => target.closest?.('input, textarea, select, [contenteditable]');

/** `/` goes to the search, `n` makes something new, arrows walk through a list, Escape leaves a form. */
document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('dialog[open]')) return;
  if (key === 'Escape') return leaveForm(event);
  if (isTyping(target)) {
    if (key === 'ArrowDown' && target.type === 'search') move(event, 1);
    return;
  }
  if (key === '/') press(event, (each) => each.focus(), '[data-search]');
  else if (key === 'n') press(event, (each) => each.click(), '[data-new]');
  else if (key === 'ArrowDown') move(event, 1);
  else if (key === 'ArrowUp') move(event, -1);
});

function press(event, act, selector) {
  const found = document.querySelector(`main ${selector}`);
  if (!found) return;
  event.preventDefault();
  act(found);
}

function move(event, step) {
  const links = [...document.querySelectorAll('main [data-row-link]')];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  if (at < 0 && step < 0) return;
  event.preventDefault();
  links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
}

function leaveForm(event) {
  const back = document.querySelector('main [data-back]');
  if (!back || event.target.closest?.('[aria-expanded="true"], .open')) return;
  event.preventDefault();
  back.click();
}

/** Asks before a page is left on which something was typed. */
export function guard(isDirty) {
  beforeLeaving(isDirty, () =>
    confirmed({
      title: 'Discard your changes?',
      text: 'What you typed here has not been saved.',
      yes: 'Discard',
      no: 'Keep editing',
      kind: 'danger',
    }),
  );
}
