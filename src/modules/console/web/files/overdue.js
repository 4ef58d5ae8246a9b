import { element } from './dom.js';

/** After so long people are told that the answer is still awaited, and may give it up. */
const PATIENCE_MS = 8000;

/** How to give up each answer that is overdue. */
const awaited = new Set();

const text = element('span', { role: 'status' });
const stopAll = () => {
  for (const stop of awaited) stop();
};
const stopButton = element(
  'button',
  { type: 'button', class: 'small-button', 'data-testid': 'stop-waiting', onclick: stopAll },
  'Stop waiting',
);
const notice = element('div', { class: 'overdue', hidden: true }, text, stopButton);

function show() {
  // What is outside of an open dialog cannot be used.
  const place = document.querySelector('dialog[open]') ?? document.body;
  if (notice.parentElement !== place) place.append(notice);
  notice.hidden = awaited.size === 0;
  text.textContent = notice.hidden ? '' : 'Still working…';
}

/**
 * Tells the person where an answer takes long, who may give it up by `stop`.
 * @returns what to call once the answer is there
 */
export function beginWaiting(stop) {
  const timer = setTimeout(() => {
    awaited.add(stop);
    show();
  }, PATIENCE_MS);
  return () => {
    clearTimeout(timer);
    if (awaited.delete(stop)) show();
  };
}
