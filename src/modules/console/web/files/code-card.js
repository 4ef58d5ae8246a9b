import { element, toast } from './dom.js';
import { icon } from './icons.js';

/** A button that copies a text; browsers let pages do so over HTTPS and on this machine only. */
export function copyButton(text, label) {
  if (!navigator.clipboard) return undefined;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast('Copied');
  };
  return element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: copy },
    icon('copy'),
  );
}

/** A command for a terminal, with a button that copies it. */
export function codeCard(title, code) {
  return element(
    'section',
    { class: 'card' },
    element('div', { class: 'card-head' }, element('h2', {}, title), copyButton(code, `Copy: ${title}`)),
    element('pre', { class: 'code-block', tabindex: '0', 'aria-label': title }, element('code', {}, code)),
  );
}
