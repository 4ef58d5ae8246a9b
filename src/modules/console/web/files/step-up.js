import { dialogOf, onDialogSubmit } from './dialog.js';
import { busy, find } from './dom.js';
import { clear, show } from './form.js';
import { call, onProofNeeded } from './session.js';
import { user } from './user.js';
import { showPasskey, takesPasskeys, waysIn } from './ways-in.js';

const ADDRESS = 'api/v1/auth/step-up';
const dialog = dialogOf('step-up');
const hasSecondFactor = () => user().otpEnabled;
const prove = (body) => call('POST', ADDRESS, { body });

onDialogSubmit(dialog, async (proof) => {
  await prove(proof);
  dialog.returnValue = 'proved';
});

const byPasskey = find('[data-passkey]', dialog);
byPasskey.addEventListener('click', () =>
  busy(byPasskey, async () => {
    const form = find('form', dialog);
    clear(form);
    try {
      await call('POST', `${ADDRESS}/passkey`, { body: { credential: await showPasskey() } });
      dialog.close('proved');
    } catch (error) {
      show(form, error);
    }
  }),
);

onProofNeeded(async ({ password }) => {
  // The form that needs it has asked for the password already.
  if (password && !hasSecondFactor()) return prove({ password });
  for (const field of dialog.querySelectorAll('[data-proof]')) {
    field.hidden = (field.dataset.proof === 'otp') !== hasSecondFactor();
    find('input', field).required = !field.hidden;
  }
  dialog.returnValue = '';
  byPasskey.hidden = !(takesPasskeys() && (await waysIn()).passkeys);
  dialog.showModal();
  find('[data-proof]:not([hidden]) input', dialog).focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'proved';
});
