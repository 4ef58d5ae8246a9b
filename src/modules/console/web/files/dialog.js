import { element, find } from './dom.js';
import { clear, onSubmit } from './form.js';

/**
 * A dialog of the page. The browser keeps the keyboard inside it and gives it back to the button that opened it;
 * where that button is gone, to the heading of the page.
 */
export function dialogOf(name, within = document) {
  const dialog = find(`[data-dialog="${name}"]`, within);
  dialog.addEventListener('click', ({ target }) => {
    if (target.closest('[data-close]')) dialog.close();
  });
  dialog.addEventListener('close', () => {
    // What was typed, secrets above all, does not outlive the dialog.
    for (const form of dialog.querySelectorAll('form')) {
      form.reset();
      clear(form);
    }
    restoreFocus(dialog);
  });
  return dialog;
}

function restoreFocus(dialog) {
  const { activeElement } = document;
  const isLost = !activeElement || activeElement === document.body || dialog.contains(activeElement);
  if (isLost) document.querySelector('main h1')?.focus();
}

/** Sends the form of a dialog and closes it once that is done, unless it answers `stays`. */
export function onDialogSubmit(dialog, submit) {
  onSubmit(find('form', dialog), async (values) => {
    if ((await submit(values)) !== 'stays') dialog.close();
  });
}

/**
 * Asks a question and answers whether the person agreed. `text` may hold elements.
 * @param kind `danger` where it cannot be undone
 */
export function confirmed({ title, text, yes, no = 'Cancel', kind = 'primary' }) {
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'question', 'aria-describedby': 'question-text' },
    element(
      'form',
      { method: 'dialog' },
      element('h2', { id: 'question' }, title),
      element('p', { id: 'question-text', class: 'quiet' }, text),
      element(
        'div',
        { class: 'actions' },
        element('button', { value: 'no', autofocus: true }, no),
        element('button', { value: 'yes', class: kind, 'data-testid': 'confirm-button' }, yes),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
