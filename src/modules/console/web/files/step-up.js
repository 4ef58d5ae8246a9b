import { dialogOf, onDialogSubmit } from './dialog.js';
import { find } from './dom.js';
import { call, onProofNeeded } from './session.js';
import { user } from './user.js';

const ADDRESS = 'api/v1/auth/step-up';
const dialog = dialogOf('step-up');
const hasSecondFactor = () => user().otpEnabled;
const prove = (body) => call('POST', ADDRESS, { body });

onDialogSubmit(dialog, async (proof) => {
  await prove(proof);
  dialog.returnValue = 'proved';
});

onProofNeeded(async ({ password }) => {
  // The form that needs it has asked for the password already.
  if (password && !hasSecondFactor()) return prove({ password });
  for (const field of dialog.querySelectorAll('[data-proof]')) {
    field.hidden = (field.dataset.proof === 'otp') !== hasSecondFactor();
    find('input', field).required = !field.hidden;
  }
  dialog.returnValue = '';
  dialog.showModal();
  find('[data-proof]:not([hidden]) input', dialog).focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'proved';
});
