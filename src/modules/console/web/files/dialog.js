import { find } from './dom.js';
import { clear, onSubmit } from './form.js';

/**
 * A dialog of the page. The browser keeps the keyboard inside it and gives it back to the button that opened it;
 * where that button is gone, to the heading that `home` names.
 */
export function dialogOf(name, { home } = {}) {
  const dialog = find(`[data-dialog="${name}"]`);
  dialog.addEventListener('click', ({ target }) => {
    if (target.closest('[data-close]')) dialog.close();
  });
  dialog.addEventListener('close', () => {
    // What was typed, secrets above all, does not outlive the dialog.
    for (const form of dialog.querySelectorAll('form')) {
      form.reset();
      clear(form);
    }
    const { activeElement } = document;
    const isLost = !activeElement || activeElement === document.body || dialog.contains(activeElement);
    if (home && isLost) find(home).focus();
  });
  return dialog;
}

/** Sends the form of a dialog and closes it once that is done, unless it answers `stays`. */
export function onDialogSubmit(dialog, submit) {
  onSubmit(find('form', dialog), async (values) => {
    if ((await submit(values)) !== 'stays') dialog.close();
  });
}
