import { dialogOf } from './dialog.js';
import { find } from './dom.js';
import { clear, mark, onSubmit } from './form.js';
import { Failure } from './request.js';
import { signIn } from './session.js';
import { user } from './user.js';

const dialog = dialogOf('sign-in');
const form = find('form', dialog);
const code = find('[data-otp-field]', dialog);

onSubmit(form, async ({ password, otp }) => {
  try {
    await signIn({ email: user().email, password, ...(otp && { otp }) });
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'OTP_REQUIRED')) throw error;
    code.hidden = false;
    clear(form);
    mark(find('input', code));
    return find('input', code).focus();
  }
  dialog.close('signed-in');
});

/** Lets the person sign in again without leaving what was typed, and answers whether that happened. */
export async function signInOver() {
  find('[data-email]', dialog).textContent = user().email;
  find('[name="username"]', dialog).setAttribute('value', user().email);
  code.hidden = true;
  dialog.returnValue = '';
  dialog.showModal();
  find('[name="password"]', dialog).focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'signed-in';
}
