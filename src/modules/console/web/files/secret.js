import { element } from './dom.js';

/** Shows something that is shown once, until the person says that it is done. Escape does not take it away. */
export function showSecret({ title, text, secret, testId }) {
  const copy = element('button', { type: 'button' }, 'Copy');
  copy.hidden = !navigator.clipboard;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(secret);
    copy.textContent = 'Copied';
  });
  const done = element('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, 'Done');
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'secret-title', oncancel: (event) => event.preventDefault() },
    element('h2', { id: 'secret-title', tabindex: '-1', autofocus: true }, title),
    element('p', { class: 'quiet' }, text),
    element('code', { class: 'secret boxed', 'data-testid': testId }, secret),
    element('div', { class: 'actions' }, copy, done),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve();
    });
  });
}
